import { describe, expect, it } from "vitest";
import { frameHeight, imageAddress, tableOf, withoutEscapes, type Output } from "./cells";

const image = (mime: string, text: string): Output => ({ kind: "image", mime, text });

describe("images", () => {
  it.each([
    ["image/png", "aGk=\n", "data:image/png;base64,aGk="],
    ["image/png", '"><script>', undefined],
    ["text/html", "aGk=", undefined],
    ["image/svg+xml", "<svg onload='x'/>", "data:image/svg+xml;charset=utf-8,%3Csvg%20onload%3D'x'%2F%3E"],
  ])("%s of %s", (mime, text, want) => {
    expect(imageAddress(image(mime, text))).toBe(want);
  });
});

describe("tables", () => {
  it("are columns and rows of text", () => {
    expect(tableOf('{"columns":["a",1],"rows":[[2,null],"x"],"more":true}')).toEqual({ columns: ["a", "1"], rows: [["2", "null"], []], more: true });
    for (const text of ["", "null", "[]", '{"columns":{}}']) expect(tableOf(text)).toBeUndefined();
  });
});

it("takes the colours of terminals out", () => {
  expect(withoutEscapes("\u001b[0;31mValueError\u001b[0m: no")).toBe("ValueError: no");
});

it("gives an HTML result about the height of its text", () => {
  const html = (plain?: string): Output => ({ kind: "html", mime: "text/html", text: "<table></table>", ...(plain === undefined ? {} : { plain }) });
  expect(frameHeight(html())).toBe("20rem");
  expect(frameHeight(html("one"))).toBe("7rem");
  expect(frameHeight(html("a\n".repeat(5)))).toBe("15rem");
  expect(frameHeight(html("a\n".repeat(500)))).toBe("28rem");
});
