import { graphSentence, type GraphNode, type PathGraph as Graph } from "./path";
import styles from "./PathGraph.module.css";

const box = { width: 380, height: 40, gap: 38 };
const most = 44;

const cut = (text: string): string => {
  const letters = Array.from(text);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
};

/** The path drawn from top to bottom. The sentences beside it say the same, and more; this is for those who see. */
export function PathGraph({ graph }: { graph: Graph }) {
  const step = box.height + box.gap;
  const height = graph.nodes.length * step - box.gap + 4;
  return (
    <svg className={styles.graph} viewBox={`0 0 ${box.width + 4} ${height}`} width={box.width + 4} height={height} role="img" aria-label={graphSentence(graph)}>
      {graph.edges.map((edge, i) => (
        <g key={`edge-${i}`} className={edge.missing ? styles.missing : styles.edge}>
          <line x1={26} x2={26} y1={i * step + box.height + 2} y2={(i + 1) * step - 3} />
          <path d={`M 21 ${(i + 1) * step - 6} l 5 6 l 5 -6`} />
          {edge.missing ? <path d={`M 21 ${i * step + box.height + 11} l 10 10 m 0 -10 l -10 10`} /> : null}
          <text x={42} y={i * step + box.height + box.gap / 2 + 6}>
            {cut(edge.text)}
          </text>
        </g>
      ))}
      {graph.nodes.map((node, i) => (
        <Box key={`node-${i}`} node={node} y={i * step + 2} />
      ))}
    </svg>
  );
}

const words: Record<string, string> = { "service-principal": "service principal", directory: "folder", "registered-model": "model", "": "object" };

function Box({ node, y }: { node: GraphNode; y: number }) {
  return (
    <g className={styles.node} data-kind={node.kind}>
      <title>{node.full ?? node.label}</title>
      <rect x={2} y={y} width={box.width} height={box.height} rx={7} />
      <text x={14} y={y + 16} className={styles.kind}>
        {words[node.kind] ?? node.kind}
      </text>
      <text x={14} y={y + 31} className={styles.label}>
        {cut(node.label)}
      </text>
    </g>
  );
}
