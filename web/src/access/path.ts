/** The path of a decision as sentences for people and as a small graph: person, groups, what was given, the objects down to the one asked about. */
import type { ObjectRef, PrincipalRef } from "../api/types";
import { kindWords, levelWords } from "../ui/levels";

/** A step of a decision, as GET /can and GET /who-can answer it: the server's sentence, and what it names. */
export interface Step {
  kind: "rule" | "member" | "grant" | "inherit" | "table";
  text: string;
  /** Why the level of a grant is there (entry: somebody gave it), or what decides. */
  rule?: string;
  level?: string;
  principal?: PrincipalRef;
  /** What `principal` is a member of. */
  group?: PrincipalRef;
  object?: ObjectRef;
  /** What `object` lies in. */
  in?: ObjectRef;
}

/** A decision as GET /can answers it, as far as the graph needs it. */
export interface Decided {
  allowed: boolean;
  principal: PrincipalRef;
  object: ObjectRef;
  path: readonly Step[];
}

export interface GraphNode {
  /** A kind of principal or object, "ability" for the last one. */
  kind: string;
  label: string;
  /** The whole name where the label is a part of it. */
  full?: string;
}

/** nodes[i] –edges[i]→ nodes[i + 1]. */
export interface PathGraph {
  nodes: GraphNode[];
  edges: { text: string; missing?: boolean }[];
}

/** How a level is had, by the rule that gives it; what is not listed here is told in the server's words. */
const grants: Record<string, (who: string, level: string, what: string) => string> = {
  entry: (who, level, what) => `${who} has ${level} on ${what}.`,
  creator: (who, level, what) => `${who} made ${what} and so has ${level} on it.`,
  home: (who, level, what) => `${what} is the home folder of ${who}, who has ${level} on it.`,
  shared: (_, level, what) => `Everybody has ${level} on ${what}.`,
  open: (_, level, what) => `Access control is off, so everybody has ${level} on ${what}.`,
};

/** A step as a sentence, with levels in people's words; `title` is the ability's. */
export function sentenceOf(step: Step, title: string, allowed: boolean): string {
  const { kind, rule = "", level = "", principal, group, object } = step;
  if (kind === "member" && principal && group) return begun(`${whoWords(principal)} is a member of ${whoWords(group)}.`, principal);
  if (kind === "grant" && rule === "admins") return `Group "admins" has ${levelWords(level)} on everything.`;
  const grant = grants[rule];
  if (kind === "grant" && grant && principal && object) return begun(grant(whoWords(principal), levelWords(level), whatWords(object)), rule === "home" ? undefined : principal);
  if (kind === "inherit" && object && step.in) return `${begun(whatWords(object), undefined)} lies ${within(object, step.in)} ${whatWords(step.in)} and takes its permissions.`;
  if (kind === "table" && object) return `On ${article(kindWords(object.kind))}, ${levelWords(level)} ${allowed ? "gives" : "does not give"} “${title}”.`;
  return step.text;
}

/** A step may stand for a whole row of folders. */
const within = ({ path }: ObjectRef, above: ObjectRef): string => (path === undefined || (path.slice(0, path.lastIndexOf("/")) || "/") === above.path ? "in" : "below");

/** A sentence begins with a capital letter, unless it begins with a person's name. */
const begun = (text: string, first: PrincipalRef | undefined): string => (first && first.kind !== "group" ? text : text.charAt(0).toUpperCase() + text.slice(1));

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;

const whoWords = ({ kind, name }: PrincipalRef): string => (kind === "group" ? `group "${name}"` : name);

function whatWords({ object, kind, name, path }: ObjectRef): string {
  const special = titles[object];
  if (special !== undefined) return `the ${special}`;
  return `${kindWords(kind)} ${path ?? `"${name}"`}`;
}

/** The roots, which have no names of their own. */
const titles: Record<string, string> = { "directories/0": "Workspace folder", "registered-models/root": "model registry" };

/** Draws the path from what the steps name. */
export function graphOf(decided: Decided, title: string): PathGraph {
  const graph: PathGraph = { nodes: [{ kind: decided.principal.kind, label: decided.principal.name }], edges: [] };
  const grant = decided.path.find((s) => s.kind === "grant");
  for (const { kind, group } of decided.path) if (kind === "member" && group) push(graph, "is a member of", { kind: "group", label: group.name });
  if (grant) addGrant(graph, grant, decided.principal);
  for (const { kind, object } of decided.path) if (kind === "inherit" && object) push(graph, "holds", nodeOf(object));
  const asked = nodeOf(decided.object);
  const end = graph.nodes.at(-1);
  if (!grant) push(graph, decided.allowed ? "may, by a rule, on" : "has nothing on", asked, !decided.allowed);
  else if (end && (end.full ?? end.label) !== (asked.full ?? asked.label)) push(graph, "holds", asked);
  push(graph, closing(decided, grant), { kind: "ability", label: title }, !decided.allowed);
  return graph;
}

function closing({ allowed, path }: Decided, grant: Step | undefined): string {
  const table = path.at(-1)?.kind === "table";
  if (table && grant?.level) return `${levelWords(grant.level)} ${allowed ? "gives" : "does not give"}`;
  return allowed ? "a rule gives" : "nothing gives";
}

function push(graph: PathGraph, text: string, node: GraphNode, missing = false) {
  graph.edges.push(missing ? { text, missing } : { text });
  graph.nodes.push(node);
}

/** Adds to whom something was given, where that is not who stands there already, and what it was given on. */
function addGrant(graph: PathGraph, { rule, level = "", principal, object }: Step, asked: PrincipalRef) {
  const everybody = rule === "shared" || rule === "open";
  if (everybody) push(graph, "is one of", { kind: "group", label: "everybody" });
  else if (principal && principal.id !== asked.id && principal.name !== graph.nodes.at(-1)?.label) push(graph, "is a member of", { kind: "group", label: principal.name });
  push(graph, `has ${levelWords(level)} on`, object ? nodeOf(object) : { kind: "directory", label: "everything" });
}

/** An object of the graph: its last name, and its whole path. */
function nodeOf({ object, kind, name, path }: ObjectRef): GraphNode {
  const full = path ?? titles[object] ?? (name === "" ? object : name);
  const label = titles[object] ?? (name === "" ? object : name);
  return full === label ? { kind, label } : { kind, label, full };
}

/** The graph in one sentence, its name for those who do not see it. */
export function graphSentence({ nodes, edges }: PathGraph): string {
  return nodes.map((node, i) => (i === 0 ? nodeWords(node) : `${edges[i - 1]?.text ?? ""} ${nodeWords(node)}`)).join(", ");
}

const nodeWords = ({ kind, label }: GraphNode): string => (kind === "" || kind === "ability" ? label : `${kindWords(kind)} ${label}`);
