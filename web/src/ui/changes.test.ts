import { expect, test } from "vitest";
import { diffOf, valueText } from "./changes";

test.each([
  ["nothing", { a: 1 }, { a: 1 }, []],
  ["a value", { a: 1 }, { a: 2 }, [{ path: "a", what: "changed", before: 1, after: 2 }]],
  ["in depth", { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, [{ path: "a.b[1]", what: "changed", before: 2, after: 3 }]],
  ["added", {}, { a: true }, [{ path: "a", what: "added", after: true }]],
  ["removed", { a: "x" }, {}, [{ path: "a", what: "removed", before: "x" }]],
  ["all new", null, { a: 1 }, [{ path: "", what: "added", after: { a: 1 } }]],
  ["another kind", { a: [1] }, { a: { 0: 1 } }, [{ path: "a", what: "changed", before: [1], after: { 0: 1 } }]],
  ["a longer list", [1], [1, 2], [{ path: "[1]", what: "added", after: 2 }]],
])("%s", (_, before, after, want) => {
  expect(diffOf(before, after)).toEqual(want);
});

test("values are shown as they are read", () => {
  expect([valueText("text"), valueText(undefined), valueText({ a: 1 })]).toEqual(["text", "", '{\n  "a": 1\n}']);
});
