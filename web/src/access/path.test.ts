import { describe, expect, it } from "vitest";
import { graphOf, graphSentence, objectIn, sentenceOf, type Decided, type Step } from "./path";

const object = { object: "experiments/7", kind: "experiment", name: "training", path: "/Users/ann/p/training" };
const bob = { name: "bob", kind: "user" };
const member: Step = { kind: "member", principal: 3, text: 'bob is a member of group "science \\"x\\"".' };
const steps: Record<string, Step> = {
  direct: { kind: "grant", level: "CAN_EDIT", text: 'group "science \\"x\\"" has CAN_EDIT on experiment /Users/ann/p/training.' },
  above: { kind: "grant", level: "CAN_RUN", text: 'group "science \\"x\\"" has CAN_RUN on directory /Users/ann.' },
  admins: { kind: "grant", level: "CAN_MANAGE", text: 'Group "admins" has CAN_MANAGE on everything.' },
  home: { kind: "grant", level: "CAN_MANAGE", text: "directory /Users/bob is the home folder of bob, who has CAN_MANAGE on it." },
  made: { kind: "grant", level: "CAN_MANAGE", text: "bob made experiment /Users/ann/p/training and so has CAN_MANAGE on it." },
  shared: { kind: "grant", level: "CAN_MANAGE", text: "Everybody has CAN_MANAGE on directory /Shared." },
  gives: { kind: "table", level: "CAN_EDIT", text: 'On an experiment, CAN_EDIT gives "Log runs".' },
  not: { kind: "table", level: "CAN_RUN", text: 'On a registered-model, CAN_RUN does not give "Purge CAN_RUN".' },
  nothing: { kind: "rule", text: 'Nothing gives bob "Log runs" on experiment /Users/ann/p/training.' },
};
const step = (name: keyof typeof steps): Step => steps[name] ?? { kind: "rule", text: "" };
const lies = (what: string, where: string): Step => ({ kind: "inherit", text: `${what} lies in ${where} and takes its permissions.` });

describe("sentenceOf", () => {
  it.each([
    ["direct", 'Group "science \\"x\\"" has Can edit on experiment /Users/ann/p/training.'],
    ["admins", 'Group "admins" has Can manage on everything.'],
    ["home", "Directory /Users/bob is the home folder of bob, who has Can manage on it."],
    ["made", "bob made experiment /Users/ann/p/training and so has Can manage on it."],
    ["gives", 'On an experiment, Can edit gives "Log runs".'],
    ["not", 'On a registered-model, Can run does not give "Purge CAN_RUN".'],
    ["nothing", 'Nothing gives bob "Log runs" on experiment /Users/ann/p/training.'],
  ])("%s", (name, want) => expect(sentenceOf(step(name))).toBe(want));
});

describe("graphOf", () => {
  const group = 'science "x"';
  it.each<[string, boolean, Step[], string]>([
    ["through a group", true, [member, step("direct"), step("gives")],
      `user bob, is a member of group ${group}, has Can edit on experiment training, Can edit gives Log runs`],
    ["from above", false, [member, step("above"), lies("Directory /Users/ann/p", "directory /Users/ann"),
      lies("Experiment /Users/ann/p/training", "directory /Users/ann/p"), { ...step("not") }],
      `user bob, is a member of group ${group}, has Can run on folder ann, holds folder p, holds experiment training, Can run does not give Log runs`],
    ["admins", true, [{ kind: "member", text: 'bob is a member of group "admins".' }, step("admins"), step("gives")],
      "user bob, is a member of group admins, has Can manage on folder everything, holds experiment training, Can manage gives Log runs"],
    ["nothing", false, [step("nothing")], "user bob, has nothing on experiment training, nothing gives Log runs"],
    ["a rule", true, [{ kind: "rule", text: "Everybody has it." }], "user bob, may, by a rule, on experiment training, a rule gives Log runs"],
    ["creator", true, [step("made"), step("gives")], "user bob, has Can manage on experiment training, Can manage gives Log runs"],
    ["everybody", true, [step("shared"), lies("Experiment /Users/ann/p/training", "directory /Shared"), step("gives")],
      "user bob, is one of group everybody, has Can manage on folder Shared, holds experiment training, Can manage gives Log runs"],
  ])("%s", (_, allowed, path, want) => {
    const decided: Decided = { allowed, principal: bob, object, path };
    expect(graphSentence(graphOf(decided, "Log runs"))).toBe(want);
  });
  it("marks what is missing", () => {
    const graph = graphOf({ allowed: false, principal: bob, object, path: [member, step("direct"), step("not")] }, "Purge");
    expect(graph.edges.map((e) => e.missing ?? false)).toEqual([false, false, true]);
    expect(graph.nodes).toHaveLength(graph.edges.length + 1);
  });
});

describe("objectIn", () => {
  it.each([
    ["directory /Users/ann/a b", { kind: "directory", label: "a b", full: "/Users/ann/a b" }],
    ['registered-model "churn"', { kind: "registered-model", label: "churn" }],
    ["the Workspace folder", { kind: "directory", label: "Workspace folder" }],
    ["the model registry", { kind: "", label: "model registry" }],
    ["object 7", { kind: "", label: "object 7" }],
  ])("%s", (title, want) => expect(objectIn(title)).toEqual(want));
});
