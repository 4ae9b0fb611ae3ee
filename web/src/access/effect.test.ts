import { describe, expect, it } from "vitest";
import { belowSentence, changeSentence, effectSentence, peopleSentence, type Effect, type EffectChange } from "./effect";

const none: Effect = { before_people: 3, after_people: 3, gain: 0, lose: 0, changes: [] };
const bob: EffectChange = { principal: { id: "7", name: "bob", kind: "user" }, before: "CAN_EDIT", after: "CAN_READ", gains: [], loses: ["Log"] };

describe("effectSentence", () => {
  it.each<[string, Partial<Effect>, string]>([
    ["nothing", {}, "Nobody gains or loses an ability."],
    ["one gains", { gain: 1 }, "1 person gains abilities."],
    ["two lose", { lose: 2 }, "2 people lose abilities."],
    ["both", { gain: 12, lose: 1 }, "12 people gain abilities, 1 person loses abilities."],
    ["only other names", { changes: [bob] }, "Nobody gains or loses an ability; for 1 person the level has another name or origin."],
  ])("%s", (_, part, want) => expect(effectSentence({ ...none, ...part })).toBe(want));
});

describe("peopleSentence", () => {
  it.each([
    [3, 3, "3 people have access, before and after."],
    [1, 4, "1 person has access now, 4 afterwards."],
    [2, 0, "2 people have access now, nobody afterwards."],
  ])("%d to %d", (before, after, want) => expect(peopleSentence({ ...none, before_people: before, after_people: after })).toBe(want));
});

describe("belowSentence", () => {
  it.each([
    [0, ""],
    [1, "1 object below inherits the change."],
    [9, "9 objects below inherit the change."],
  ])("%d", (below, want) => expect(belowSentence({ ...none, below })).toBe(want));
});

describe("changeSentence", () => {
  it.each<[string, Partial<EffectChange>, string]>([
    ["lowered", {}, "Can edit becomes Can read."],
    ["given", { before: "", after: "CAN_RUN" }, "No access becomes Can run."],
    ["through groups", { through: [{ id: "1", name: "a", kind: "group" }, "b"] }, "Can edit becomes Can read, through a, b."],
    ["the same level", { after: "CAN_EDIT" }, "Can edit."],
  ])("%s", (_, part, want) => expect(changeSentence({ ...bob, ...part })).toBe(want));
});
