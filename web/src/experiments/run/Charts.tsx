import { useMemo, useState } from "react";
import { ChartLine } from "lucide-react";
import { Button, countText, Empty, Problem, SearchField } from "../../ui";
import { ChartCard } from "../chart/ChartCard";
import { ChartOptions } from "../chart/ChartOptions";
import type { LineOptions } from "../chart/series";
import { useHistories } from "../chart/useHistories";
import { useSeen } from "../chart/useSeen";
import { numberText } from "../runs/cells";
import { numberOf } from "../runs/page";
import type { Run, WireMetric } from "../types";
import { isRunning, liveEvery } from "../useRun";
import styles from "./Run.module.css";

/** So many charts are on the page at first, and with each press. */
const step = 24;

const collator = new Intl.Collator(undefined, { numeric: true });
/** What MLflow measures of the machine stands behind what people measure. */
const isSystem = (key: string) => key.startsWith("system/");

/** A chart for each metric of a run; each reads its history when it comes into sight. */
export function Charts({ run }: { run: Run }) {
  const [options, setOptions] = useState<LineOptions>({ axis: "step", smoothing: 0, log: false });
  const [text, setText] = useState("");
  const [count, setCount] = useState(step);
  const metrics = useMemo(
    () => [...(run.data.metrics ?? [])].sort((a, b) => Number(isSystem(a.key)) - Number(isSystem(b.key)) || collator.compare(a.key, b.key)),
    [run.data.metrics],
  );
  if (metrics.length === 0) {
    return (
      <Empty title="No metrics" icon={<ChartLine aria-hidden="true" />} level={2}>
        {'Nothing was measured in this run. In a run, mlflow.log_metric("loss", 0.1, step=1) adds a point.'}
      </Empty>
    );
  }
  const found = metrics.filter((metric) => metric.key.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <div className="stack">
      <h2 className="visually-hidden">Charts</h2>
      <div className="spread">
        <ChartOptions options={options} onChange={setOptions} />
        {metrics.length > 4 ? <SearchField label="Find a metric" placeholder="Find a metric" value={text} onChange={setText} /> : null}
      </div>
      <div className={styles.charts}>
        {found.slice(0, count).map((metric) => (
          <MetricChart key={metric.key} run={run} metric={metric} options={options} />
        ))}
      </div>
      {found.length === 0 ? <p className="muted">No metric has this name.</p> : null}
      {found.length > count ? (
        <div className="row">
          <Button onPress={() => setCount(count + step)}>Show more charts</Button>
          <span className="faint small">
            {countText(count)} of {countText(found.length)}
          </span>
        </div>
      ) : null}
    </div>
  );
}

function MetricChart({ run, metric, options }: { run: Run; metric: WireMetric; options: LineOptions }) {
  const [box, seen] = useSeen();
  const { info } = run;
  const every = isRunning(run) && seen ? liveEvery : undefined;
  const ids = useMemo(() => [info.run_id], [info.run_id]);
  const runs = useMemo(() => [{ id: info.run_id, name: info.run_name ?? info.run_id }], [info.run_id, info.run_name]);
  const { history, error, isPending } = useHistories(ids, metric.key, { enabled: seen, every });
  const points = history.get(info.run_id);
  return (
    <div ref={box}>
      {error ? <Problem error={error} title={`The history of ${metric.key} could not be read.`} /> : null}
      {!error && (isPending || !points) ? (
        <div className={styles.waiting}>
          <h3 className="break">{metric.key}</h3>
          {!isPending ? <p className="muted">No points.</p> : null}
        </div>
      ) : null}
      {points?.values.length === 1 ? (
        <div className={styles.waiting} style={{ minHeight: 0 }}>
          <h3 className="break">{metric.key}</h3>
          <p className={styles.single}>{numberText(numberOf(metric.value))}</p>
          <p className="faint small">One point, at step {countText(metric.step)}</p>
        </div>
      ) : null}
      {points && points.values.length > 1 ? <ChartCard title={metric.key} runs={runs} history={history} options={options} /> : null}
    </div>
  );
}
