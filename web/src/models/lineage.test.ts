import { describe, expect, it } from "vitest";
import { box, layersOf, layout, nodeName, nodePage, relationWords } from "./lineage";
import type { LineageEdge, LineageNode } from "./types";

const node = (key: string, rest: Partial<LineageNode> = {}): LineageNode => {
  const [kind = "", id = ""] = key.split(":");
  return { key, kind, id, state: "active", ...rest };
};
const edge = (from: string, to: string, relation = "read"): LineageEdge => ({ from, to, relation });

const nodes = ["version:5/1", "logged-model:m-1", "run:r", "experiment:9", "dataset:9/d"].map((key) => node(key));
const edges = [
  edge("version:5/1", "logged-model:m-1", "registered-from"),
  edge("logged-model:m-1", "run:r", "made-by"),
  edge("run:r", "experiment:9", "in"),
  edge("run:r", "dataset:9/d", "read"),
  edge("logged-model:m-1", "experiment:9", "in"),
];

const keys = (layers: LineageNode[][]) => layers.map((layer) => layer.map((n) => n.key));

describe("layersOf", () => {
  it("puts each node right of all that it came from", () => {
    expect(keys(layersOf(nodes, edges))).toEqual([["experiment:9", "dataset:9/d"], ["run:r"], ["logged-model:m-1"], ["version:5/1"]]);
  });

  it("ends on a cycle and on an edge to itself", () => {
    const layers = layersOf([node("run:a"), node("run:b")], [edge("run:a", "run:b"), edge("run:b", "run:a"), edge("run:a", "run:a")]);
    expect(layers.flat()).toHaveLength(2);
  });

  it("has one layer where nothing is joined", () => {
    expect(keys(layersOf([node("run:a"), node("run:b")], []))).toEqual([["run:a", "run:b"]]);
  });
});

describe("layout", () => {
  it("places every node inside, none over another, and marks the start", () => {
    const plan = layout({ start: ["version:5/1"], nodes, edges });
    expect(plan.nodes).toHaveLength(5);
    for (const { x, y } of plan.nodes) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x + box.width).toBeLessThanOrEqual(plan.width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y + box.height).toBeLessThanOrEqual(plan.height);
    }
    expect(new Set(plan.nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(5);
    expect(plan.nodes.filter((n) => n.start).map((n) => n.node.key)).toEqual(["version:5/1"]);
    expect(plan.edges.every((e) => e.path.startsWith("M"))).toBe(true);
  });

  it("leaves out edges to what is not shown", () => {
    expect(layout({ start: [], nodes: [node("run:a")], edges: [edge("run:a", "dataset:gone")] }).edges).toEqual([]);
  });

  it("orders a layer so that lines do not cross needlessly", () => {
    const list = ["dataset:1", "dataset:2", "run:2", "run:1"].map((key) => node(key));
    const plan = layout({ start: [], nodes: list, edges: [edge("run:1", "dataset:1"), edge("run:2", "dataset:2")] });
    const y = (key: string) => plan.nodes.find((n) => n.node.key === key)?.y;
    expect(y("run:1")).toBe(y("dataset:1"));
    expect(y("run:2")).toBe(y("dataset:2"));
  });
});

describe("nodes", () => {
  const graph = { edges: [edge("logged-model:m-1", "experiment:9", "in")] };
  it.each([
    [node("version:5/1", { name: "iris/1" }), "/models/iris/versions/1"],
    [node("version:5/1", { name: "a b/12" }), "/models/a%20b/versions/12"],
    [node("version:5/1"), undefined],
    [node("version:5/1", { name: "iris/1", state: "purged" }), undefined],
    [node("experiment:0"), "/experiments/0"],
    [node("run:abc", { object: "experiments/7" }), "/experiments/7/runs/abc"],
    [node("logged-model:m-1"), "/experiments/9/models/m-1"],
    [node("run:abc"), undefined],
    [node("notebook:12", { object: "notebooks/12" }), "/notebooks/12"],
    [node("notebook:12", { state: "claimed" }), undefined],
    [node("commit:abc", { state: "claimed" }), undefined],
  ])("%o leads to %s", (given, want) => {
    expect(nodePage(given, graph)).toBe(want);
  });

  it.each([
    [node("run:x", { name: "bright-owl-7" }), "bright-owl-7"],
    [node(`run:${"0123456789abcdef".repeat(2)}`), "0123456789ab"],
    [node("script:train.py", { name: "" }), "train.py"],
  ])("names %o", (given, want) => {
    expect(nodeName(given)).toBe(want);
  });

  it("reads relations from what was made", () => {
    expect(relationWords("registered-from")).toBe("was registered from");
    expect(relationWords("later")).toBe("later");
  });
});
