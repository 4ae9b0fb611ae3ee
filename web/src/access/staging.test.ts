import { describe, expect, it } from "vitest";
import type { Acl, DirectEntry, Who } from "./acl";
import { driftOf } from "./rebase";
import { driftSentence, countsSentence, objectTitle, rowSentence, whoSentence } from "./sentences";
import { countsOf, requestOf, rowsOf, stage, staging, type Staging, type StagingAction } from "./staging";

const user = (name: string): Who => ({ kind: "user", name });
const entry = (name: string, level: string): DirectEntry => ({ key: `user:${name}`, who: user(name), level, rule: "entry", stands: true });
const home = (name: string): DirectEntry => ({ ...entry(name, "CAN_MANAGE"), rule: "home", stands: false, reason: "It is the home folder." });
const acl = (etag: string, ...direct: DirectEntry[]): Acl => ({ etag, direct, inherited: [], fixed: new Map([["group:admins", "Administrators manage everything."]]) });
const first = acl("1", home("ann"), entry("bob", "CAN_EDIT"), entry("cara", "CAN_READ"));
const wish = (name: string, level: string | null): StagingAction => ({ type: "wish", who: user(name), level });
const run = (state: Staging, ...actions: StagingAction[]): Staging => actions.reduce(stage, state);
const shown = (state: Staging) => rowsOf(state).map((r) => [r.who.name, r.level, r.state, r.before]);

describe("stage", () => {
  const same = [
    ["ann", "CAN_MANAGE", "same", undefined],
    ["bob", "CAN_EDIT", "same", undefined],
    ["cara", "CAN_READ", "same", undefined],
  ];
  const [ann, bob, cara] = same;
  it.each<[string, StagingAction[], unknown[]]>([
    ["nothing", [], same],
    ["adds above, the newest first", [wish("dave", "CAN_RUN"), wish("erin", "CAN_READ")], [
      ["erin", "CAN_READ", "added", undefined], ["dave", "CAN_RUN", "added", undefined], ...same]],
    ["changes in place", [wish("bob", "CAN_READ")], [ann, ["bob", "CAN_READ", "changed", "CAN_EDIT"], cara]],
    ["removes in place", [wish("bob", null)], [ann, ["bob", "CAN_EDIT", "removed", "CAN_EDIT"], cara]],
    ["the same level is no change", [wish("bob", "CAN_READ"), wish("bob", "CAN_EDIT")], same],
    ["an addition that is removed again is none", [wish("dave", "CAN_RUN"), wish("dave", null)], same],
    ["what is fixed stays", [wish("ann", null), wish("ann", "CAN_READ")], same],
    ["who has no use of an entry gets none", [{ type: "wish", who: { kind: "group", name: "admins" }, level: "CAN_READ" }], same],
    ["undo takes one back", [wish("bob", null), wish("cara", "CAN_RUN"), { type: "undo", key: "user:bob" }], [
      ann, bob, ["cara", "CAN_RUN", "changed", "CAN_READ"]]],
    ["undo-all takes all back", [wish("bob", null), wish("dave", "CAN_RUN"), { type: "undo-all" }], same],
  ])("%s", (_, actions, want) => expect(shown(run(staging(first), ...actions))).toEqual(want));
  it("counts", () => {
    const state = run(staging(first), wish("dave", "CAN_RUN"), wish("bob", null), wish("cara", "CAN_RUN"));
    expect(countsOf(state)).toEqual({ added: 1, changed: 1, removed: 1 });
  });
});

describe("requestOf", () => {
  it("sends all that is to stand, and no defaults", () => {
    const state = run(staging(first), wish("bob", null), { type: "wish", who: { kind: "service-principal", name: "7" }, level: "CAN_RUN" });
    expect(requestOf(state).access_control_list).toEqual([
      { service_principal_name: "7", permission_level: "CAN_RUN" },
      { user_name: "cara", permission_level: "CAN_READ" },
    ]);
  });
  it("names administrators where they stand directly", () => {
    const root = acl("1", { key: "group:admins", who: { kind: "group", name: "admins" }, level: "CAN_MANAGE", rule: "admins", reason: "Fixed.", stands: true });
    expect(requestOf(staging(root)).access_control_list).toEqual([{ group_name: "admins", permission_level: "CAN_MANAGE" }]);
  });
});

describe("somebody else saved first", () => {
  const theirs = acl("2", home("ann"), entry("bob", "CAN_RUN"), entry("erin", "CAN_READ"));
  const reread: StagingAction = { type: "reread", acl: theirs };
  it.each<[string, StagingAction[], unknown[]]>([
    ["a change stays on top of theirs", [wish("bob", "CAN_READ"), reread], [["bob", "CAN_READ", "changed", "CAN_RUN"]]],
    ["what they did too is done", [wish("bob", "CAN_RUN"), wish("cara", null), reread], []],
    ["a change of what they removed is an addition", [wish("cara", "CAN_EDIT"), reread], [["cara", "CAN_EDIT", "added", undefined]]],
    ["an addition of what they added is a change", [wish("erin", "CAN_EDIT"), reread], [["erin", "CAN_EDIT", "changed", "CAN_READ"]]],
    ["a removal stays", [wish("bob", null), reread], [["bob", "CAN_RUN", "removed", "CAN_RUN"]]],
  ])("%s", (_, actions, want) => {
    expect(shown(run(staging(first), ...actions)).filter(([, , state]) => state !== "same")).toEqual(want);
  });
  it("a wish for what became fixed is dropped", () => {
    const fixed = acl("3", home("bob"));
    expect(run(staging(first), wish("bob", null), { type: "reread", acl: fixed }).wishes.size).toBe(0);
  });
  it("tells what they changed until it was noted", () => {
    const state = run(staging(first), wish("bob", "CAN_READ"), reread);
    expect(driftOf(state.seen, state.base).map((d) => driftSentence(d, state.wishes))).toEqual([
      "bob went from Can edit to Can run; you are about to give Can read.",
      "cara was removed (had Can read).",
      "erin was given Can read.",
    ]);
    const noted = stage(state, { type: "noted" });
    expect(driftOf(noted.seen, noted.base)).toEqual([]);
  });
  it("tells nothing to who has nothing staged", () => {
    const state = stage(staging(first), reread);
    expect(driftOf(state.seen, state.base)).toEqual([]);
  });
});

describe("sentences", () => {
  it.each([
    [{ added: 0, changed: 0, removed: 0 }, ""],
    [{ added: 1, changed: 0, removed: 2 }, "1 added, 2 removed"],
    [{ added: 1, changed: 3, removed: 2 }, "1 added, 3 changed, 2 removed"],
  ])("%j", (counts, want) => expect(countsSentence(counts)).toBe(want));
  it.each([
    ["added", "Added"],
    ["changed", "Changed from Can read"],
    ["removed", "Will be removed"],
    ["same", ""],
  ] as const)("%s", (state, want) => expect(rowSentence({ state, before: "CAN_READ" })).toBe(want));
  it.each<[Who, string]>([
    [{ kind: "group", name: "g", members: 1 }, "group · 1 person"],
    [{ kind: "group", name: "g" }, "group"],
    [{ kind: "user", name: "ann", display: "Ann" }, "user · Ann"],
    [{ kind: "user", name: "ann", display: "ann" }, "user"],
    [{ kind: "service-principal", name: "738", display: "trainer" }, "service principal · 738"],
  ])("%j", (who, want) => expect(whoSentence(who)).toBe(want));
  it.each([
    [{ object: "directories/0", path: "/", name: "" }, "Workspace"],
    [{ object: "experiments/1", path: "/Users/a", name: "a" }, "/Users/a"],
    [{ object: "registered-models/1", name: "churn" }, "churn"],
    [{ object: "registered-models/root", name: "root" }, "all registered models"],
    [{ object: "jobs/1" }, "jobs/1"],
  ])("%j", (object, want) => expect(objectTitle(object)).toBe(want));
});
