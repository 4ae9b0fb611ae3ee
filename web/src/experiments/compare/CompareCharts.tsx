import { useMemo, useState } from "react";
import { Notice, Problem, Select, Skeleton } from "../../ui";
import { ChartCard } from "../chart/ChartCard";
import { ChartOptions } from "../chart/ChartOptions";
import type { LineOptions } from "../chart/series";
import { useHistories, useShownHistory } from "../chart/useHistories";
import type { Run } from "../types";
import type { CompareRow } from "./rows";

/** A metric of all runs as lines. */
export function CompareCharts({ runs, metrics }: { runs: readonly Run[]; metrics: readonly CompareRow[] }) {
  const [options, setOptions] = useState<LineOptions>({ axis: "step", smoothing: 0, log: false });
  const [chosen, setChosen] = useState<string>();
  const metric = chosen ?? metrics[0]?.key;
  const having = useMemo(() => runs.filter((run) => run.data.metrics?.some(({ key }) => key === metric)), [runs, metric]);
  const ids = useMemo(() => having.map((run) => run.info.run_id), [having]);
  const named = useMemo(() => having.map(({ info }) => ({ id: info.run_id, name: info.run_name ?? info.run_id })), [having]);
  const { history: read, error, isPending } = useHistories(ids, metric);
  const history = useShownHistory(read, isPending);
  if (metric === undefined) return <p className="muted">None of these runs has metrics.</p>;
  return (
    <div className="stack">
      <div className="row" style={{ "--gap": "20px", alignItems: "flex-end" } as React.CSSProperties}>
        <Select label="Metric" options={metrics.map(({ key }) => ({ value: key, text: key }))} value={metric} onChange={setChosen} />
        <ChartOptions options={options} onChange={setOptions} />
      </div>
      {error ? <Problem error={error} title="The histories could not be read." /> : null}
      {isPending && history.size === 0 ? <Skeleton lines={9} label="Loading the histories" /> : null}
      {history.size > 0 ? <ChartCard title={metric} runs={named} history={history} options={options} height={420} /> : null}
      {having.length < runs.length ? <Notice>{`${runs.length - having.length} of the runs do not have this metric.`}</Notice> : null}
    </div>
  );
}
