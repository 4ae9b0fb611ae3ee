import { useCallback, useMemo, useState, type ReactNode } from "react";
import { ChartLine, Table2 } from "lucide-react";
import { Button, classes, countText } from "../../ui";
import styles from "./Chart.module.css";
import { ChartTable } from "./ChartTable";
import type { History } from "./history";
import { LineChart } from "./LineChart";
import type { StepRange } from "../reader";
import { lineOf, lookOf, type Line, type LineOptions } from "./series";
import { stepsShown, useFiner } from "./useHistories";

export interface ChartRun {
  id: string;
  name: string;
}

export interface ChartCardProps {
  /** The metric. */
  title: string;
  runs: readonly ChartRun[];
  history: History;
  options: LineOptions;
  height?: number;
  /** Beside the title. */
  actions?: ReactNode;
}

/** So many names stand below a chart at once. */
const named = 24;

/** A chart of a metric, its legend where there are several runs, and the same as a table. */
export function ChartCard({ title, runs, history, options, height = 280, actions }: ChartCardProps) {
  const [asTable, setAsTable] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [range, setRange] = useState<StepRange>();
  const { axis, smoothing, log } = options;
  const fine = useFiner(history, title, axis === "step" ? range : undefined);
  const onShown = useCallback((from: number, to: number) => setRange(stepsShown(history, from, to)), [history]);
  const lines = useMemo(
    () =>
      runs.flatMap((run): Line[] => {
        const points = fine.get(run.id);
        return points ? [lineOf(run.id, run.name, points, { axis, smoothing, log })] : [];
      }),
    [runs, fine, axis, smoothing, log],
  );
  const shown = useMemo(() => lines.filter((line) => !hidden.has(line.id)), [lines, hidden]);
  const places = useMemo(() => shown.map((line) => lines.indexOf(line)), [shown, lines]);
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    setHidden(next);
  };
  const Icon = asTable ? ChartLine : Table2;
  return (
    <section className={styles.card} aria-label={`Metric ${title}`}>
      <div className={styles.head}>
        <h3 className="break">{title}</h3>
        <div className="row">
          {actions}
          <Button size="s" variant="quiet" icon={<Icon aria-hidden="true" />} onPress={() => setAsTable(!asTable)}>
            {asTable ? "Show as chart" : "Show as table"}
          </Button>
        </div>
      </div>
      {asTable ? (
        <ChartTable title={title} lines={shown} axis={axis} />
      ) : (
        <LineChart title={title} lines={shown} places={places} axis={axis} log={log} height={height} onShown={axis === "step" ? onShown : undefined} />
      )}
      {lines.length > 1 ? <Legend lines={lines} hidden={hidden} onToggle={toggle} /> : null}
    </section>
  );
}

interface LegendProps {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

function Legend({ lines, hidden, onToggle }: LegendProps) {
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, named);
  return (
    <ul className={styles.legend} aria-label="Runs in the chart">
      {shown.map((line, i) => (
        <li key={line.id}>
          <button type="button" aria-pressed={!hidden.has(line.id)} className={classes(styles.entry, hidden.has(line.id) && styles.off)} onClick={() => onToggle(line.id)}>
            <Sample index={i} />
            <span className="clip">{line.name}</span>
          </button>
        </li>
      ))}
      {lines.length > named ? (
        <li>
          <Button size="s" variant="quiet" onPress={() => setAll(!all)}>
            {all ? "Fewer names" : `${countText(lines.length - named)} more names`}
          </Button>
        </li>
      ) : null}
    </ul>
  );
}

const dashText = (dash: ReturnType<typeof lookOf>["dash"]): string | undefined =>
  ({ solid: undefined, dashed: "5 3", dotted: "2 2" })[String(dash)] ?? (Array.isArray(dash) ? dash.join(" ") : undefined);

/** How a line looks, in small. */
function Sample({ index }: { index: number }) {
  const { color, dash, width } = lookOf(index);
  return (
    <svg width="22" height="10" aria-hidden="true" className={styles.sample}>
      <line x1="0" y1="5" x2="22" y2="5" style={{ stroke: `var(${color})` }} strokeWidth={width} strokeDasharray={dashText(dash)} />
    </svg>
  );
}
