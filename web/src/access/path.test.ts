import { describe, expect, it } from "vitest";
import { graphOf, graphSentence, sentenceOf, type Decided, type Step } from "./path";

const object = { object: "experiments/7", kind: "experiment", name: "training", path: "/Users/ann/p/training" };
const folder = (path: string) => ({ object: `directories/${path.length}`, kind: "directory", name: path.split("/").at(-1) ?? "", path });
const model = { object: "registered-models/5", kind: "registered-model", name: "churn" };
const bob = { id: "3", name: "bob", kind: "user" };
const group = (name: string) => ({ id: name, name, kind: "group" });
const science = group('science "x"');
const step = (kind: Step["kind"], rest: Partial<Step>): Step => ({ kind, text: "the server's words", ...rest });
const grant = (rule: string, level: string, principal: Step["principal"], what?: Step["object"]): Step =>
  step("grant", { rule, level, ...(principal ? { principal } : {}), ...(what ? { object: what } : {}) });
const lies = (what: Step["object"]): Step => step("inherit", { ...(what ? { object: what } : {}), in: folder("/Users/ann") });

const member = step("member", { principal: bob, group: science });
const steps = {
  direct: grant("entry", "CAN_EDIT", science, object),
  above: grant("entry", "CAN_RUN", science, folder("/Users/ann")),
  admins: grant("admins", "CAN_MANAGE", group("admins")),
  home: grant("home", "CAN_MANAGE", bob, folder("/Users/bob")),
  made: grant("creator", "CAN_MANAGE", bob, model),
  shared: grant("shared", "CAN_MANAGE", group("users"), folder("/Shared")),
  open: grant("open", "CAN_EDIT", group("users"), { object: "directories/0", kind: "directory", name: "", path: "/" }),
  newer: grant("a rule of tomorrow", "CAN_EDIT", bob, object),
  gives: step("table", { level: "CAN_EDIT", object }),
  gives2: step("table", { level: "CAN_RUN", object: model }),
  nothing: step("rule", { rule: "nothing", object }),
};

describe("sentenceOf", () => {
  it.each<[Step, boolean, string]>([
    [member, true, 'bob is a member of group "science "x"".'],
    [step("member", { principal: science, group: group("all") }), true, 'Group "science "x"" is a member of group "all".'],
    [steps.direct, true, 'Group "science "x"" has Can edit on experiment /Users/ann/p/training.'],
    [steps.admins, true, 'Group "admins" has Can manage on everything.'],
    [steps.home, true, "Folder /Users/bob is the home folder of bob, who has Can manage on it."],
    [steps.made, true, 'bob made registered model "churn" and so has Can manage on it.'],
    [steps.shared, true, "Everybody has Can manage on folder /Shared."],
    [steps.open, true, "Access control is off, so everybody has Can edit on the Workspace folder."],
    [steps.gives, true, "On an experiment, Can edit gives “Log runs”."],
    [steps.gives2, false, "On a registered model, Can run does not give “Log runs”."],
    [steps.nothing, false, "the server's words"],
    [steps.newer, true, "the server's words"],
    [step("grant", { rule: "entry", level: "CAN_EDIT" }), true, "the server's words"],
    [step("inherit", { object }), true, "the server's words"],
    [lies(object), true, "Experiment /Users/ann/p/training lies below folder /Users/ann and takes its permissions."],
    [lies(folder("/Users/ann/p")), true, "Folder /Users/ann/p lies in folder /Users/ann and takes its permissions."],
  ])("%#", (one, allowed, want) => expect(sentenceOf(one, "Log runs", allowed)).toBe(want));
});

describe("graphOf", () => {
  const name = 'science "x"';
  it.each<[string, boolean, Step[], string]>([
    ["through a group", true, [member, steps.direct, steps.gives],
      `user bob, is a member of group ${name}, has Can edit on experiment training, Can edit gives Log runs`],
    ["through everybody's group", true, [grant("entry", "CAN_EDIT", group("users"), object), steps.gives],
      "user bob, is a member of group users, has Can edit on experiment training, Can edit gives Log runs"],
    ["from above", false, [member, steps.above, lies(folder("/Users/ann/p")), lies(object), step("table", { level: "CAN_RUN", object })],
      `user bob, is a member of group ${name}, has Can run on folder ann, holds folder p, holds experiment training, Can run does not give Log runs`],
    ["admins", true, [step("member", { principal: bob, group: group("admins") }), steps.admins, steps.gives],
      "user bob, is a member of group admins, has Can manage on folder everything, holds experiment training, Can manage gives Log runs"],
    ["nothing", false, [steps.nothing], "user bob, has nothing on experiment training, nothing gives Log runs"],
    ["a rule", true, [step("rule", { rule: "anyone" })], "user bob, may, by a rule, on experiment training, a rule gives Log runs"],
    ["creator", true, [grant("creator", "CAN_MANAGE", bob, object), steps.gives], "user bob, has Can manage on experiment training, Can manage gives Log runs"],
    ["everybody", true, [steps.shared, lies(object), steps.gives],
      "user bob, is one of group everybody, has Can manage on folder Shared, holds experiment training, Can manage gives Log runs"],
    ["access control is off", true, [steps.open, lies(object), step("rule", { rule: "open" })],
      "user bob, is one of group everybody, has Can edit on folder Workspace folder, holds experiment training, a rule gives Log runs"],
  ])("%s", (_, allowed, path, want) => {
    const decided: Decided = { allowed, principal: bob, object, path };
    expect(graphSentence(graphOf(decided, "Log runs"))).toBe(want);
  });
  it("marks what is missing", () => {
    const graph = graphOf({ allowed: false, principal: bob, object, path: [member, steps.direct, step("table", { level: "CAN_EDIT", object })] }, "Purge");
    expect(graph.edges.map((e) => e.missing ?? false)).toEqual([false, false, true]);
    expect(graph.nodes).toHaveLength(graph.edges.length + 1);
  });
});
