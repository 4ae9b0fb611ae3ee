import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import MarkdownText from "./MarkdownText";

const html = (text: string) => renderToStaticMarkup(<MarkdownText text={text} />);

test.each([
  ["HTML stays text", '<script>alert(1)</script><img src=x onerror="alert(1)">', /<script|<img/],
  ["no script addresses", "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,<b>)", /javascript:|data:text|<a /i],
  ["no foreign pictures", "![who](https://tracker.example/p.png)", /<img/],
  ["no SVG pictures", "![x](data:image/svg+xml;base64,PHN2Zy8+)", /<img/],
  ["no autolinked script", "<javascript:alert(1)>", /<a /],
])("%s", (_, text, forbidden) => {
  expect(html(text)).not.toMatch(forbidden);
});

test("tables, lists, links and pictures that are in the text", () => {
  const out = html("# Title\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n- [docs](https://mlflow.org)\n\n![dot](data:image/png;base64,AAAA)");
  expect(out).toContain("<h2>Title</h2>");
  expect(out).toMatch(/<td>1<\/td>/);
  expect(out).toMatch(/href="https:\/\/mlflow.org"[^>]*rel="noopener noreferrer"/);
  expect(out).toContain('src="data:image/png;base64,AAAA"');
});
