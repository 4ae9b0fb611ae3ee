import { describe, expect, it } from "vitest";
import { actionWords, narrowed, objectText, shown, subjectOf, term, type AuditEvent } from "./audit";

const event = (object: AuditEvent["object"]) => ({ object }) as AuditEvent;

describe("the search line", () => {
  it.each([
    ["actor", "ann@example.com", "actor:ann@example.com"],
    ["object", "/Users/ann/my notes", 'object:"/Users/ann/my notes"'],
    ["actor", 'a"b\\c', 'actor:"a\\"b\\\\c"'],
    ["actor", "", 'actor:""'],
  ])("writes %s of %s", (name, value, want) => {
    expect(term(name, value)).toBe(want);
  });

  it("adds a qualifier once", () => {
    expect(narrowed(" result:denied ", "actor", "ann")).toBe("result:denied actor:ann");
    expect(narrowed("actor:ann result:denied", "actor", "ann")).toBe("actor:ann result:denied");
    expect(narrowed("actor:anna", "actor", "ann")).toBe("actor:anna actor:ann");
  });
});

describe("events", () => {
  it("are about a path, else a name, else an id", () => {
    expect(subjectOf(event({ kind: "notebook", id: "5", name: "n", path: "/a/n" }))).toBe("/a/n");
    expect(subjectOf(event({ kind: "registered-model", id: "5", name: "churn" }))).toBe("churn");
    expect(subjectOf(event(undefined))).toBe("");
    expect(objectText(event({ kind: "directory", id: "5" }))).toBe("directories/5");
    expect(objectText(event({ kind: "registered-model", id: "5", name: "churn" }))).toBe("registered-models/5");
    expect(objectText(event({}))).toBeUndefined();
  });

  it("say what was done", () => {
    expect(actionWords("changeWorkspaceAcl")).toBe("change workspace acl");
    expect(actionWords("generateDbToken")).toBe("generate token");
  });
});

it.each([
  ["\u202egpj.exe", "[U+202E]gpj.exe"],
  ["a\u061cb", "a[U+061C]b"],
  ["\u05de\u05d5\u05d3\u05dc", "\u05de\u05d5\u05d3\u05dc"],
])("writes direction marks out", (text, want) => {
  expect(shown(text)).toBe(want);
});
