import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { orderedHeadings } from "./headings";
import { OutLink } from "./Link";

const parts: Components = {
  a: ({ href, children }) => (href ? <OutLink href={href}>{children}</OutLink> : <span>{children}</span>),
  // Pictures from elsewhere are not loaded (they would tell who reads); what was meant stays as text.
  img: ({ src, alt }) => (src?.startsWith("data:image/") ? <img src={src} alt={alt ?? ""} /> : <span className="faint">[picture: {alt ?? src}]</span>),
  table: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a block that scrolls must be reachable by keyboard
    <div role="region" aria-label="Table" tabIndex={0} style={{ overflowX: "auto" }}>
      <table>{children}</table>
    </div>
  ),
};

const keepPictures = (url: string) => (/^(https?:|mailto:|\/|#|data:image\/(png|jpeg|gif|webp);)/i.test(url) ? url : "");

/** Markdown as GitHub writes it; HTML in it stays text. Use Markdown, which loads this when needed. */
export default function MarkdownText({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={[remarkGfm, orderedHeadings]} components={parts} urlTransform={keepPictures}>
      {text}
    </ReactMarkdown>
  );
}
