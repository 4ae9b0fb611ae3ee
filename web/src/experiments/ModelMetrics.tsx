import { Link, Table, type Column } from "../ui";
import { numberText } from "./runs/cells";
import { numberOf } from "./runs/page";
import type { WireMetric } from "./types";

const noDataset = "No dataset";

/** Metrics by the dataset they were measured on, those without one last. */
export function byDataset(metrics: readonly WireMetric[]): [string, WireMetric[]][] {
  const groups = new Map<string, WireMetric[]>();
  for (const metric of metrics) {
    const name = metric.dataset_name ? `${metric.dataset_name}${metric.dataset_digest ? ` (${metric.dataset_digest})` : ""}` : noDataset;
    const group = groups.get(name) ?? [];
    group.push(metric);
    groups.set(name, group);
  }
  return [...groups].sort(([a], [b]) => Number(a === noDataset) - Number(b === noDataset) || a.localeCompare(b));
}

const columnsOf = (experiment: string): Column<WireMetric>[] => [
  { key: "key", title: "Name", cell: ({ key }) => <span className="break">{key}</span> },
  { key: "value", title: "Value", align: "end", cell: (metric) => <span title={String(metric.value)}>{numberText(numberOf(metric.value))}</span> },
  { key: "step", title: "Step", align: "end", cell: ({ step }) => step, hideNarrow: true },
  { key: "run", title: "Measured in run", cell: ({ run_id }) => (run_id ? <Link to={`/experiments/${experiment}/runs/${run_id}`}>{run_id.slice(0, 8)}</Link> : ""), hideNarrow: true },
];

/** What was measured of a logged model, by dataset. */
export function ModelMetrics({ experiment, metrics }: { experiment: string; metrics: readonly WireMetric[] }) {
  if (metrics.length === 0) return <p className="muted">Nothing was measured of this model.</p>;
  const groups = byDataset(metrics);
  return (
    <div className="stack">
      {groups.map(([name, group]) => (
        <div key={name} className="stack" style={{ "--gap": "8px" } as React.CSSProperties}>
          {groups.length === 1 && name === noDataset ? null : <h3 className="break">{name}</h3>}
          <Table
            label={`Metrics, ${name}`}
            columns={columnsOf(experiment)}
            rows={[...group].sort((a, b) => a.key.localeCompare(b.key))}
            rowKey={(metric) => `${metric.key}/${metric.run_id ?? ""}/${metric.step}`}
          />
        </div>
      ))}
    </div>
  );
}
