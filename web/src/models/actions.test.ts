import { describe, expect, it } from "vitest";
import { decisionsOn, digestChanged, mayArchive, shortDigest, stageChoices } from "./actions";
import type { StageAction } from "./types";

const actions: StageAction[] = [
  { stage: "None", current: true, transition: false, request: false, ability: "transition-staging" },
  { stage: "Staging", current: false, transition: true, request: true, ability: "transition-staging" },
  { stage: "Production", current: false, transition: false, request: true, reason: "iris takes two persons for Production.", ability: "transition-any" },
  { stage: "Archived", current: false, transition: false, request: false, ability: "transition-staging" },
];

describe("stageChoices", () => {
  it("shows what the server allows, and its reason where it does not", () => {
    expect(stageChoices(actions, "transition")).toEqual([
      { way: "transition", stage: "Staging", ability: "transition-staging" },
      { way: "transition", stage: "Production", ability: "transition-any", reason: "iris takes two persons for Production." },
      { way: "transition", stage: "Archived", ability: "transition-staging", reason: "The server does not allow this now." },
    ]);
  });

  it("asks by another ability than it moves", () => {
    const choices = stageChoices(actions, "request");
    expect(choices.map((c) => [c.stage, c.ability, c.reason === undefined])).toEqual([
      ["Staging", "request-transition", true],
      ["Production", "request-transition", true],
      ["Archived", "request-transition", false],
    ]);
  });

  it.each([
    ["None", false],
    ["Staging", true],
    ["Production", true],
    ["Archived", false],
  ] as const)("archives for %s: %s", (stage, want) => {
    expect(mayArchive(stage)).toBe(want);
  });
});

describe("decisionsOn", () => {
  const absent = [{ action: "APPROVE", reason: "who asks for the transition does not approve it.", ability: "decide-any" }];

  it("has each action once, allowed or with its reason", () => {
    expect(decisionsOn({ actions: ["CANCEL"], absent })).toEqual([
      { action: "APPROVE", allowed: false, reason: "who asks for the transition does not approve it.", ability: "decide-any" },
      { action: "CANCEL", allowed: true },
    ]);
  });

  it("keeps the order whatever the server's", () => {
    expect(decisionsOn({ actions: ["CANCEL", "REJECT", "APPROVE"], absent: [] }).map((d) => d.action)).toEqual(["APPROVE", "REJECT", "CANCEL"]);
  });

  it("shows nothing of which the server says nothing", () => {
    expect(decisionsOn({ actions: [], absent: [] })).toEqual([]);
  });
});

describe("digests", () => {
  it.each([
    ["a", "a", false],
    ["a", "b", true],
    ["", "b", false],
  ])("%s then %s: changed %s", (digest, digest_now, want) => {
    expect(digestChanged({ digest, digest_now })).toBe(want);
  });

  it("are shortened to what tells them apart", () => {
    expect(shortDigest("sha256:0123456789abcdef")).toBe("0123456789ab");
    expect(shortDigest("")).toBe("");
  });
});
