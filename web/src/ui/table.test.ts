import { expect, test } from "vitest";
import { placeOf } from "./Link";
import { sorted } from "./Table";

const rows = [{ n: "b", v: 2 }, { n: "A10", v: undefined }, { n: "a9", v: 1 }];
const value = (row: (typeof rows)[number], key: string) => (key === "n" ? row.n : row.v);

test("texts by the language's order, numbers in them by size", () => {
  expect(sorted(rows, { key: "n", direction: "ascending" }, value).map((r) => r.n)).toEqual(["a9", "A10", "b"]);
});

test("absent values last, either way", () => {
  expect(sorted(rows, { key: "v", direction: "ascending" }, value).map((r) => r.v)).toEqual([1, 2, undefined]);
  expect(sorted(rows, { key: "v", direction: "descending" }, value).map((r) => r.v)).toEqual([2, 1, undefined]);
});

test("objects have pages", () => {
  expect(placeOf({ object: "notebooks/7", kind: "notebook", name: "n" })).toBe("/notebooks/7");
  expect(placeOf({ object: "directories/0", kind: "directory", name: "" })).toBe("/workspace?path=%2F");
});
