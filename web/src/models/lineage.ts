/** The layout of a lineage graph: layers from what is oldest (left) to what was made of it (right). */
import { loggedModelPage, runPage, versionPage } from "./paths";
import type { Lineage, LineageEdge, LineageNode } from "./types";

export const box = { width: 168, height: 52, across: 44, down: 20 } as const;

export interface PlacedNode {
  node: LineageNode;
  x: number;
  y: number;
  /** One of those that were asked about. */
  start: boolean;
}

export interface PlacedEdge {
  edge: LineageEdge;
  /** An SVG path from the right side of what was used to the left side of what was made. */
  path: string;
}

export interface Layout {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  width: number;
  height: number;
}

/** Places the nodes. What came from something stands right of it; cycles, which lineage has none of, end instead of looping. */
export function layout(graph: Pick<Lineage, "start" | "nodes" | "edges">): Layout {
  const known = new Set(graph.nodes.map((n) => n.key));
  const edges = graph.edges.filter((e) => known.has(e.from) && known.has(e.to));
  const layers = ordered(layersOf(graph.nodes, edges), edges);
  const rows = Math.max(1, ...layers.map((layer) => layer.length));
  const height = rows * (box.height + box.down) - box.down;
  const placed = new Map<string, PlacedNode>();
  layers.forEach((layer, column) => {
    const top = (height - (layer.length * (box.height + box.down) - box.down)) / 2;
    layer.forEach((node, row) => {
      const at = { x: column * (box.width + box.across), y: top + row * (box.height + box.down) };
      placed.set(node.key, { node, ...at, start: graph.start.includes(node.key) });
    });
  });
  const width = Math.max(1, layers.length) * (box.width + box.across) - box.across;
  return { nodes: [...placed.values()], edges: edges.map((edge) => placedEdge(edge, placed)), width, height };
}

/** Each node in the column after the last of those that it came from. */
export function layersOf(nodes: readonly LineageNode[], edges: readonly LineageEdge[]): LineageNode[][] {
  const sources = new Map<string, string[]>();
  for (const { from, to } of edges) sources.set(from, [...(sources.get(from) ?? []), to]);
  const depths = new Map<string, number>();
  const depth = (key: string, path: readonly string[]): number => {
    const known = depths.get(key);
    if (known !== undefined) return known;
    const above = (sources.get(key) ?? []).filter((source) => source !== key && !path.includes(source));
    const found = above.length === 0 ? 0 : 1 + Math.max(...above.map((source) => depth(source, [...path, key])));
    depths.set(key, found);
    return found;
  };
  const layers: LineageNode[][] = [];
  for (const node of nodes) (layers[depth(node.key, [])] ??= []).push(node);
  return [...layers].map((layer) => (layer as LineageNode[] | undefined) ?? []);
}

const sweeps = 4;

/** Orders each layer by the middle of its neighbours, there and back, so that fewer lines cross. */
function ordered(layers: LineageNode[][], edges: readonly LineageEdge[]): LineageNode[][] {
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of edges) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  const result = [...layers];
  const places = placesOf(result);
  // One layer after the other, each by where its neighbours are now: all at once would only swap them for ever.
  for (let turn = 0; turn < sweeps * result.length; turn++) {
    const at = turn % result.length;
    const layer = byMiddle(result[at] ?? [], neighbours, places);
    result[at] = layer;
    for (const [key, place] of placesOf([layer])) places.set(key, place);
  }
  return result;
}

function placesOf(layers: readonly LineageNode[][]): Map<string, number> {
  const places = new Map<string, number>();
  for (const layer of layers) layer.forEach((node, i) => places.set(node.key, i - (layer.length - 1) / 2));
  return places;
}

function byMiddle(layer: readonly LineageNode[], neighbours: Map<string, string[]>, places: Map<string, number>): LineageNode[] {
  const middle = (node: LineageNode) => {
    const near = neighbours.get(node.key) ?? [];
    if (near.length === 0) return places.get(node.key) ?? 0;
    return near.reduce((sum, key) => sum + (places.get(key) ?? 0), 0) / near.length;
  };
  return [...layer].sort((a, b) => middle(a) - middle(b));
}

function placedEdge(edge: LineageEdge, placed: Map<string, PlacedNode>): PlacedEdge {
  const source = placed.get(edge.to);
  const product = placed.get(edge.from);
  if (!source || !product) return { edge, path: "" };
  const [x1, y1] = [source.x + box.width, source.y + box.height / 2];
  const [x2, y2] = [product.x, product.y + box.height / 2];
  const bend = Math.max(20, (x2 - x1) / 2);
  return { edge, path: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` };
}

const kinds: Record<string, string> = {
  version: "Model version",
  "logged-model": "Logged model",
  run: "Run",
  experiment: "Experiment",
  dataset: "Dataset",
  notebook: "Notebook",
  job: "Job",
  commit: "Git commit",
  script: "Script",
};

/** "logged-model" → "Logged model". */
export const nodeKind = (kind: string): string => kinds[kind] ?? kind;

const states: Record<LineageNode["state"], string> = { active: "", deleted: "in the trash", purged: "purged", claimed: "as the run says" };

/** What there is to say of a node's state; empty for what is simply there. */
export const nodeState = (node: LineageNode): string => states[node.state];

const relations: Record<string, string> = {
  "registered-from": "was registered from",
  "copied-from": "was copied from",
  "made-by": "was made by",
  in: "is in",
  read: "read",
  ran: "ran",
};

/** "registered-from" → "was registered from", read from what was made to what it was made of. */
export const relationWords = (relation: string): string => relations[relation] ?? relation;

/** A node's name, shortened only where it is an id or a hash. */
export function nodeName(node: LineageNode): string {
  const name = node.name === undefined || node.name === "" ? node.id : node.name;
  return /^[0-9a-f]{32,64}$/.test(name) ? name.slice(0, 12) : name;
}

/** The console's page of a node; undefined where there is none, or nothing left to look at. */
export function nodePage(node: LineageNode, graph: Pick<Lineage, "edges">): string | undefined {
  if (node.state === "purged") return undefined;
  const experiment = experimentOf(node, graph);
  if (node.kind === "version") return versionOf(node.name);
  if (node.kind === "experiment") return `/experiments/${encodeURIComponent(node.id)}`;
  if (node.kind === "run" && experiment) return runPage(experiment, node.id);
  if (node.kind === "logged-model" && experiment) return loggedModelPage(experiment, node.id);
  if (node.kind === "notebook" && node.object?.startsWith("notebooks/")) return `/${node.object}`;
  return undefined;
}

function versionOf(name: string | undefined): string | undefined {
  const at = name?.lastIndexOf("/") ?? -1;
  return name === undefined || at < 1 ? undefined : versionPage(name.slice(0, at), name.slice(at + 1));
}

/** The experiment of a run or a logged model: its object, or the edge that says in which it is. */
function experimentOf(node: LineageNode, graph: Pick<Lineage, "edges">): string | undefined {
  if (node.object?.startsWith("experiments/")) return node.object.slice("experiments/".length);
  return graph.edges.find((e) => e.from === node.key && e.relation === "in")?.to.replace(/^experiment:/, "");
}
