/** The path of a decision as sentences for people and as a small graph: person, groups, what was given, the objects down to the one asked about. */
import { kindWords, levelWords } from "../ui/levels";

/** A step of a decision as GET /can answers it. */
export interface Step {
  kind: string;
  object?: number;
  principal?: number;
  level?: string;
  text: string;
}

/** A decision as GET /can answers it, as far as the graph needs it. */
export interface Decided {
  allowed: boolean;
  principal: { name: string; kind: string };
  object: { object: string; kind: string; name: string; path?: string };
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

/** The server's sentence with its level in people's words: "CAN_EDIT" → "Can edit". Only where the level stands, not in names. */
export function sentenceOf(step: Step): string {
  const { level, text } = step;
  const told = text.charAt(0).toUpperCase() + text.slice(1);
  if (!level) return startsWithName(text) ? text : told;
  const words = levelWords(level);
  return (startsWithName(text) ? text : told)
    .replace(` has ${level} on `, ` has ${words} on `)
    .replace(` and so has ${level} on it.`, ` and so has ${words} on it.`)
    .replace(new RegExp(`, who has ${level} on it\\.$`), `, who has ${words} on it.`)
    .replace(new RegExp(`^(On an? [a-z-]+, )${level}( gives | does not give )`), `$1${words}$2`);
}

/** A person's name at the start keeps its letters. */
const startsWithName = (text: string): boolean => !/^(?:group "|[a-z-]+ \/)/.test(text);

/** Draws the path: what the graph shows is read from the steps, and whatever cannot be read is left to the sentences. */
export function graphOf(decided: Decided, title: string): PathGraph {
  const graph: PathGraph = { nodes: [{ kind: decided.principal.kind, label: decided.principal.name }], edges: [] };
  const grant = decided.path.find((s) => s.kind === "grant");
  for (const step of decided.path) if (step.kind === "member") push(graph, "is a member of", { kind: "group", label: groupIn(step.text) });
  if (grant) addGrant(graph, grant);
  for (const step of decided.path) if (step.kind === "inherit") push(graph, "holds", objectIn(step.text.replace(/ lies (?:in|below) .*$/s, "")));
  const asked: GraphNode = { kind: decided.object.kind, label: last(decided.object), full: decided.object.path ?? decided.object.name };
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
function addGrant(graph: PathGraph, { level = "", text }: Step) {
  const at = text.indexOf(` has ${level} on `);
  const holder = graph.nodes.at(-1);
  const group = /^[Gg]roup ("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  if (group !== undefined && holder?.label !== unquoted(group)) push(graph, "is a member of", { kind: "group", label: unquoted(group) });
  if (group === undefined && / everybody has |^Everybody has /.test(text)) push(graph, "is one of", { kind: "group", label: "everybody" });
  push(graph, `has ${levelWords(level)} on`, objectIn(grantedOn(text, at, level)));
}

/** The object's title in each of the server's sentences about grants. */
function grantedOn(text: string, at: number, level: string): string {
  const home = /^(.*) is the home folder of /s.exec(text)?.[1];
  if (home !== undefined) return home;
  const made = / made (.*) and so has /s.exec(text)?.[1];
  if (made !== undefined) return made;
  return text.slice(at + ` has ${level} on `.length).replace(/\.$/, "");
}

function groupIn(text: string): string {
  const quoted = / is a member of group ("(?:[^"\\]|\\.)*")\.$/.exec(text)?.[1];
  return quoted === undefined ? text : unquoted(quoted);
}

/** The server quotes names as Go does, which for all names but those with control characters is JSON. */
function unquoted(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === "string" ? value : quoted;
  } catch {
    return quoted.slice(1, -1);
  }
}

/** "directory /Users/ann/projects" → its kind, last part and path; `registered-model "churn"` → its kind and name. */
export function objectIn(title: string): GraphNode {
  const [, kind = "", rest = ""] = /^([A-Za-z-]+) (\/.*|".*")$/s.exec(title) ?? [];
  if (rest.startsWith('"')) return { kind: kind.toLowerCase(), label: unquoted(rest) };
  if (rest.startsWith("/")) return { kind: kind.toLowerCase(), label: rest.split("/").at(-1) ?? rest, full: rest };
  return { kind: title.includes("Workspace") || title === "everything" ? "directory" : "", label: title.replace(/^the /, "") };
}

const last = (object: { object: string; name: string }): string => (object.name === "" ? object.object : object.name);

/** The graph in one sentence, its name for those who do not see it. */
export function graphSentence({ nodes, edges }: PathGraph): string {
  return nodes.map((node, i) => (i === 0 ? nodeWords(node) : `${edges[i - 1]?.text ?? ""} ${nodeWords(node)}`)).join(", ");
}

const nodeWords = ({ kind, label }: GraphNode): string => (kind === "" || kind === "ability" ? label : `${kindWords(kind)} ${label}`);
