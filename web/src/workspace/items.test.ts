import { describe, expect, it } from "vitest";
import type { Viewed } from "../api/types";
import { base64, exportForms, importOf } from "./items";

describe("imports", () => {
  it.each([
    ["train.py", { name: "train", format: "SOURCE", language: "PYTHON" }],
    ["Q.SQL", { name: "Q", format: "SOURCE", language: "SQL" }],
    ["a.b.ipynb", { name: "a.b", format: "JUPYTER" }],
    ["notes.md", { name: "notes.md", format: "AUTO" }],
    ["export.dbc", { name: "export", format: "DBC" }],
    [".py", { name: ".py", format: "AUTO" }],
    ["Makefile", { name: "Makefile", format: "AUTO" }],
  ])("of %s", (name, want) => {
    expect(importOf(name)).toEqual(want);
  });

  it("write long contents in base64", () => {
    const bytes = new Uint8Array(100_000).map((_, i) => i);
    expect(atob(base64(bytes)).length).toBe(100_000);
    expect(base64(new TextEncoder().encode("hi"))).toBe("aGk=");
  });
});

it("offers the forms that a kind has", () => {
  const item = (kind: string, language?: string) => ({ kind, name: "x", language }) as Viewed;
  expect(exportForms(item("notebook", "SCALA")).map((f) => f.extension)).toEqual([".scala", ".ipynb"]);
  expect(exportForms(item("file"))).toHaveLength(1);
  expect(exportForms(item("directory"))).toEqual([]);
});
