import { useId, useMemo } from "react";
import { Link } from "react-router";
import { useOverflow } from "../ui";
import { box, layout, nodeKind, nodeName, nodePage, nodeState, relationWords, type PlacedEdge, type PlacedNode } from "./lineage";
import styles from "./Models.module.css";
import type { Lineage } from "./types";

/** The most letters of a name that fit into a box. */
const fits = 21;

const clipped = (text: string) => (text.length > fits ? `${text.slice(0, fits - 1)}…` : text);

/** The end that tells paths and scripts apart. */
const clippedPath = (text: string) => (text.length > fits && text.includes("/") ? `…${text.slice(1 - fits)}` : clipped(text));

/** A lineage graph, what is oldest at the left. The table beside it says the same. */
export function LineageGraph({ graph, label }: { graph: Lineage; label: string }) {
  const plan = useMemo(() => layout(graph), [graph]);
  const marker = useId();
  const [scroll, overflows] = useOverflow();
  const reach = overflows ? { tabIndex: 0, role: "region", "aria-label": `${label}, scrolls sideways` } : {};
  return (
    <div ref={scroll} className={styles.graph} {...reach}>
      <svg width={plan.width + 4} height={plan.height + 4} viewBox={`-2 -2 ${plan.width + 4} ${plan.height + 4}`} role="group" aria-label={label}>
        <defs>
          <marker id={marker} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 L8 4 L0 8 z" className={styles.arrow} />
          </marker>
        </defs>
        {plan.edges.map((placed) => (
          <Edge key={`${placed.edge.from} ${placed.edge.relation} ${placed.edge.to}`} placed={placed} marker={marker} />
        ))}
        {plan.nodes.map((placed) => (
          <NodeBox key={placed.node.key} placed={placed} graph={graph} />
        ))}
      </svg>
    </div>
  );
}

function Edge({ placed, marker }: { placed: PlacedEdge; marker: string }) {
  const { edge, path } = placed;
  return (
    <path d={path} className={styles.edge} markerEnd={`url(#${marker})`}>
      <title>{`${edge.from} ${relationWords(edge.relation)} ${edge.to}`}</title>
    </path>
  );
}

function NodeBox({ placed, graph }: { placed: PlacedNode; graph: Lineage }) {
  const { node, x, y, start } = placed;
  const page = nodePage(node, graph);
  const state = nodeState(node);
  const kind = [nodeKind(node.kind), node.stage, state].filter((part) => part !== undefined && part !== "" && part !== "None").join(", ");
  const words = (
    <>
      <title>{nodeName(node)}</title>
      <text x={12} y={22}>
        {clippedPath(nodeName(node))}
      </text>
      <text x={12} y={39} className={styles.kind}>
        {kind}
      </text>
    </>
  );
  return (
    <g className={styles.node} transform={`translate(${x} ${y})`} data-start={start} data-gone={node.state === "purged" || node.state === "deleted"}>
      <rect width={box.width} height={box.height} rx={7} />
      {page === undefined ? words : <Link to={page}>{words}</Link>}
    </g>
  );
}
