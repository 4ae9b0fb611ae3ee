import { lazy, Suspense } from "react";
import styles from "./Markdown.module.css";

const MarkdownText = lazy(() => import("./MarkdownText"));

/** Markdown that people wrote: GitHub's flavour, no HTML, no foreign pictures, headings one level at a time below the page's h1. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.markdown}>
      <Suspense fallback={<p>{text}</p>}>
        <MarkdownText text={text} />
      </Suspense>
    </div>
  );
}
