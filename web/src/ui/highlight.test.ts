import { expect, test } from "vitest";
import { highlight } from "./highlight";

test("the text is escaped, whatever it holds", () => {
  const html = highlight('print("<img src=x onerror=alert(1)>") # </code><script>', "Python") ?? "";
  expect(html).not.toMatch(/<(?!\/?span\b)/);
  expect(html).toContain("&lt;script&gt;");
});

test("unknown languages are left alone", () => {
  expect(highlight("x", "cobol")).toBeUndefined();
});
