import { Badge, Link, Notice, Problem, Section, Skeleton, Table, Time, type Column } from "../ui";
import { LineageGraph } from "./LineageGraph";
import { nodeKind, nodeName, nodePage, nodeState, relationWords } from "./lineage";
import styles from "./Models.module.css";
import { useLineage } from "./queries";
import type { Lineage, LineageEdge, LineageNode } from "./types";

/** Above so many nodes a drawing helps nobody; the tables have them all. */
const drawable = 60;

/** What a version was made of, and what was made of it: drawn, and as tables. */
export function LineageView({ name, version }: { name: string; version: string }) {
  const lineage = useLineage(name, version);
  if (lineage.error) return <Problem error={lineage.error} title="The provenance could not be read." onRetry={() => void lineage.refetch()} />;
  if (!lineage.data) return <Skeleton lines={6} label="Loading the provenance" />;
  const graph = lineage.data;
  return (
    <div className="stack">
      {graph.nodes.length < 2 ? <Notice>Nothing is known of what this version was made of: it was registered from files alone.</Notice> : null}
      {graph.nodes.length <= drawable ? <LineageGraph graph={graph} label={`Provenance of ${name}, version ${version}`} /> : <Notice>{`${graph.nodes.length} nodes are too many for a drawing.`}</Notice>}
      {graph.hidden ? <Notice>Something here came from more than is shown, which you may not see.</Notice> : null}
      {graph.truncated ? <Notice tone="warn">There is more than is shown: the graph was cut off.</Notice> : null}
      <Section title="The same as a table">
        <Table label="Provenance" columns={edgeColumns(graph)} rows={graph.edges} rowKey={(e) => `${e.from} ${e.relation} ${e.to}`} empty="No relations." />
      </Section>
    </div>
  );
}

function Node({ node, graph }: { node: LineageNode | undefined; graph: Lineage }) {
  if (!node) return <span className="faint">not shown</span>;
  const page = nodePage(node, graph);
  const state = nodeState(node);
  return (
    <span className={styles.end}>
      <span className="faint small">{nodeKind(node.kind)}</span>
      {page === undefined ? <span className="break">{nodeName(node)}</span> : <Link to={page}>{nodeName(node)}</Link>}
      {state === "" ? null : <Badge tone="outline">{state}</Badge>}
    </span>
  );
}

const edgeColumns = (graph: Lineage): Column<LineageEdge>[] => {
  const nodes = new Map(graph.nodes.map((n) => [n.key, n]));
  return [
    { key: "from", title: "What", cell: (e) => <Node node={nodes.get(e.from)} graph={graph} /> },
    { key: "relation", title: "Relation", cell: (e) => relationWords(e.relation) },
    { key: "to", title: "Of what", cell: (e) => <Node node={nodes.get(e.to)} graph={graph} /> },
    { key: "detail", title: "Detail", cell: (e) => <Detail detail={e.detail ?? {}} />, hideNarrow: true },
    { key: "at", title: "Since", cell: (e) => <Time at={e.at} none="not recorded" />, hideNarrow: true },
  ];
};

function Detail({ detail }: { detail: Record<string, string> }) {
  const parts = Object.entries(detail).map(([key, value]) => `${key}: ${value}`);
  return <span className="faint small break">{parts.join(", ")}</span>;
}
