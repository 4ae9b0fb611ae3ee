import { describe, expect, it } from "vitest";
import { highest, keyOf, readAcl, shownName, type AclAnswer, type LevelInfo } from "./acl";

const levels: LevelInfo[] = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"].map((l) => ({ permission_level: l, description: l }));
const folder = { object: "directories/5", kind: "directory", name: "projects", path: "/Users/ann/projects" };
const given = { inherited: false, rule: "entry", changeable: true, stands: true };
const inherited = { inherited: true, rule: "entry", changeable: false, reason: "It is changed where it was given.", stands: false };
const answer: AclAnswer = {
  object_id: "/experiments/7",
  object_type: "mlflowExperiment",
  access_control_list: [
    {
      principal: { id: "2", name: "admins", kind: "group" },
      members: 1,
      fixed: "Administrators manage everything.",
      all_permissions: [{ ...inherited, permission_level: "CAN_MANAGE", rule: "admins", reason: "Administrators manage everything." }],
    },
    {
      principal: { id: "9", name: "ann", kind: "user" },
      display_name: "Ann",
      all_permissions: [
        { ...given, permission_level: "CAN_READ" },
        { ...given, permission_level: "CAN_MANAGE", rule: "creator" },
        { ...inherited, permission_level: "CAN_RUN", origins: [folder] },
      ],
    },
    {
      principal: { id: "10", name: "7384", kind: "service-principal" },
      display_name: "trainer",
      all_permissions: [{ ...given, permission_level: "CAN_EDIT", changeable: false }],
    },
    { principal: { id: "8", name: "science", kind: "group" }, members: 3, all_permissions: [{ ...given, permission_level: "CAN_EDIT" }] },
  ],
};

describe("readAcl", () => {
  const acl = readAcl(answer, '"v1"', levels);
  it("takes the highest direct level, groups first", () => {
    expect(acl.direct.map((e) => [e.key, e.level, e.rule, e.stands])).toEqual([
      ["group:science", "CAN_EDIT", "entry", true],
      ["user:ann", "CAN_MANAGE", "creator", true],
      ["service-principal:7384", "CAN_EDIT", "entry", true],
    ]);
  });
  it("keeps each inherited level with its origin", () => {
    expect(acl.inherited.map((e) => [e.key, e.level, e.rule, e.from])).toEqual([
      ["group:admins", "CAN_MANAGE", "admins", []],
      ["user:ann", "CAN_RUN", "entry", [folder]],
    ]);
  });
  it("takes from the server what is fixed, and why", () => {
    expect(acl.direct.map((e) => e.reason)).toEqual([undefined, undefined, "This cannot be changed here."]);
    expect(acl.inherited.map((e) => e.reason)).toEqual(["Administrators manage everything.", "It is changed where it was given."]);
    expect([...acl.fixed]).toEqual([["group:admins", "Administrators manage everything."]]);
  });
  it("has the people in groups only", () => {
    expect(acl.direct.map((e) => e.who.members)).toEqual([3, undefined, undefined]);
  });
  it("takes an empty list", () => {
    expect(readAcl({ object_id: "/x/1", object_type: "x", access_control_list: [] }, "e", levels)).toEqual({ etag: "e", direct: [], inherited: [], fixed: new Map() });
  });
});

describe("highest", () => {
  it.each([
    [[], undefined],
    [["CAN_RUN", "CAN_MANAGE", "CAN_READ"], "CAN_MANAGE"],
    [["UNKNOWN", "CAN_READ"], "CAN_READ"],
  ])("%j", (own, want) => expect(highest(own, levels)).toBe(want));
});

it("names principals", () => {
  expect(keyOf({ kind: "group", name: "a" })).toBe("group:a");
  expect(shownName({ kind: "service-principal", name: "7384", display: "trainer" })).toBe("trainer");
  expect(shownName({ kind: "user", name: "ann", display: "Ann" })).toBe("ann");
});
