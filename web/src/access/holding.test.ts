import { describe, expect, it } from "vitest";
import { groupsOf, holderSentence, holdersSentence, leastAbility, levelOf, type Holder } from "./holding";

const object = { object: "experiments/7", kind: "experiment", name: "training", path: "/p/training" };
const team = { id: "9", name: "team", kind: "group" };
const holder = (name: string, part: Partial<Holder> = {}): Holder => ({ id: name, name, kind: "user", level: "CAN_EDIT", rule: "entry", from: object, ...part });

describe("groupsOf", () => {
  it("has those who have it themselves first, then larger groups", () => {
    const large = { id: "8", name: "large", kind: "group" };
    const groups = groupsOf([holder("d", { through: team }), holder("c", { through: large }), holder("b", { through: large }), holder("a"), holder("r", { rule: "auditors" })]);
    expect(groups.map((g) => [g.key, g.holders.map((h) => h.name)])).toEqual([
      ["", ["a", "r"]],
      ["large", ["b", "c"]],
      ["team", ["d"]],
    ]);
  });
});

describe("holderSentence", () => {
  it.each<[string, Partial<Holder>, string]>([
    ["here", {}, "Can edit, given here."],
    ["through a group", { through: team }, "Can edit, through group team, given here."],
    ["above", { from: { object: "directories/1", kind: "directory", name: "p", path: "/p" } }, "Can edit, given on /p."],
    ["a model above", { from: { object: "registered-models/root", kind: "registered-model", name: "root" } }, "Can edit, given on root."],
    ["administrators", { rule: "admins", level: "CAN_MANAGE", through: team }, "Can manage, as an administrator."],
    ["auditors", { rule: "auditors", level: "NO_PERMISSIONS" }, "as an auditor."],
  ])("%s", (_, part, want) => expect(holderSentence(holder("a", part), object)).toBe(want));
});

describe("holdersSentence", () => {
  const machine = holder("m", { kind: "service-principal" });
  it.each<[Holder[], string]>([
    [[], "Nobody"],
    [[holder("a")], "1 person"],
    [[machine], "1 service principal"],
    [[holder("a"), holder("b"), machine], "2 people, 1 service principal"],
  ])("%#", (holders, want) => expect(holdersSentence(holders)).toBe(want));
});

it.each([
  [undefined, ""],
  ["NO_PERMISSIONS", ""],
  ["CAN_RUN", "CAN_RUN"],
])("levelOf(%s)", (level, want) => expect(levelOf(level)).toBe(want));

it("leastAbility is what the lowest level gives first, not what everybody has", () => {
  const abilities = [{ ability: "create", title: "" }, { ability: "edit", title: "", least_level: "CAN_EDIT" }, { ability: "view", title: "", least_level: "CAN_READ" }];
  expect(leastAbility(abilities, [{ permission_level: "CAN_READ" }, { permission_level: "CAN_EDIT" }])).toBe("view");
  expect(leastAbility([], [])).toBeUndefined();
});
