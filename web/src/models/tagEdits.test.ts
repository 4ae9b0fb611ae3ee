import { describe, expect, it } from "vitest";
import { tagEdits, twice } from "./tagEdits";

const tag = (key: string, value: string) => ({ key, value });

describe("tagEdits", () => {
  it.each([
    ["nothing", [tag("a", "1")], [tag("a", "1")], { set: [], removed: [] }],
    ["a new one", [], [tag(" a ", "1")], { set: [tag("a", "1")], removed: [] }],
    ["another value", [tag("a", "1")], [tag("a", "2")], { set: [tag("a", "2")], removed: [] }],
    ["another key", [tag("a", "1")], [tag("b", "1")], { set: [tag("b", "1")], removed: ["a"] }],
    ["an empty value", [], [tag("a", "")], { set: [tag("a", "")], removed: [] }],
    ["an empty row", [tag("a", "1")], [tag("", "x")], { set: [], removed: ["a"] }],
  ])("%s", (_, before, rows, want) => {
    expect(tagEdits(before, rows)).toEqual(want);
  });

  it("finds keys that are given twice", () => {
    expect(twice([tag("a", "1"), tag("a ", "2"), tag("", ""), tag("", "")])).toEqual(["a"]);
  });
});
