import { describe, expect, it } from "vitest";
import { fixedReason, highest, keyOf, readAcl, shownName, type AclAnswer, type ExplainAnswer, type LevelInfo } from "./acl";

const levels: LevelInfo[] = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"].map((l) => ({ permission_level: l, description: l }));
const answer: AclAnswer = {
  object_id: "/experiments/7",
  object_type: "mlflowExperiment",
  access_control_list: [
    { group_name: "admins", all_permissions: [{ permission_level: "CAN_MANAGE", inherited: true, inherited_from_object: ["/directories/"] }] },
    {
      user_name: "ann",
      display_name: "Ann",
      all_permissions: [
        { permission_level: "CAN_READ", inherited: false },
        { permission_level: "CAN_MANAGE", inherited: false },
        { permission_level: "CAN_RUN", inherited: true, inherited_from_object: ["/directories/5"] },
      ],
    },
    { service_principal_name: "7384", display_name: "trainer", all_permissions: [{ permission_level: "CAN_EDIT" }] },
    { group_name: "science", all_permissions: [{ permission_level: "CAN_EDIT", inherited: false }] },
  ],
};
const folder = { object: "directories/5", kind: "directory", name: "projects", path: "/Users/ann/projects" };
const explain: ExplainAnswer = {
  object: { object: "experiments/7", kind: "experiment", name: "x" },
  entries: [
    { id: "2", name: "admins", kind: "group", members: 1, levels: [{ level: "CAN_MANAGE", rule: "admins", inherited: true, from: [], abilities: [] }] },
    {
      id: "9",
      name: "ann",
      kind: "user",
      levels: [
        { level: "CAN_MANAGE", rule: "creator", inherited: false, abilities: [] },
        { level: "CAN_RUN", rule: "entry", inherited: true, from: [folder], abilities: [] },
      ],
    },
    { id: "8", name: "science", kind: "group", members: 3, levels: [{ level: "CAN_EDIT", rule: "entry", inherited: false, abilities: [] }] },
  ],
};

describe("readAcl", () => {
  const acl = readAcl(answer, '"v1"', explain, levels);
  it("takes the highest direct level, groups first", () => {
    expect(acl.direct.map((e) => [e.key, e.level, e.rule])).toEqual([
      ["group:science", "CAN_EDIT", "entry"],
      ["user:ann", "CAN_MANAGE", "creator"],
      ["service-principal:7384", "CAN_EDIT", "entry"],
    ]);
  });
  it("keeps each inherited level with its origin", () => {
    expect(acl.inherited.map((e) => [e.key, e.level, e.rule, e.from])).toEqual([
      ["group:admins", "CAN_MANAGE", "admins", []],
      ["user:ann", "CAN_RUN", "entry", [folder]],
    ]);
  });
  it("counts the people in groups only", () => {
    expect(acl.direct.map((e) => e.who.members)).toEqual([3, undefined, undefined]);
  });
  it("does without an explanation", () => {
    const bare = readAcl(answer, '"v1"', undefined, levels);
    expect(bare.inherited.map((e) => [e.key, e.rule, e.from.map((f) => f.object)])).toEqual([
      ["group:admins", "admins", ["directories/"]],
      ["user:ann", "entry", ["directories/5"]],
    ]);
  });
  it("takes an empty list", () => {
    expect(readAcl({ object_id: "/x/1", object_type: "x" }, "e", undefined, levels)).toEqual({ etag: "e", direct: [], inherited: [] });
  });
});

describe("highest", () => {
  it.each([
    [[], undefined],
    [["CAN_RUN", "CAN_MANAGE", "CAN_READ"], "CAN_MANAGE"],
    [["UNKNOWN", "CAN_READ"], "CAN_READ"],
  ])("%j", (own, want) => expect(highest(own, levels)).toBe(want));
});

describe("fixedReason", () => {
  const who = { kind: "user", name: "ann" };
  it.each([
    ["admins", /^Administrators/],
    ["home", /home folder of ann/],
    ["shared", /Shared/],
    ["open", /access control is off/],
  ])("%s is fixed", (rule, want) => expect(fixedReason({ rule, who })).toMatch(want));
  it.each(["entry", "creator", "something new"])("%s is not", (rule) => expect(fixedReason({ rule, who })).toBeUndefined());
});

it("names principals", () => {
  expect(keyOf({ kind: "group", name: "a" })).toBe("group:a");
  expect(shownName({ kind: "service-principal", name: "7384", display: "trainer" })).toBe("trainer");
  expect(shownName({ kind: "user", name: "ann", display: "Ann" })).toBe("ann");
});
