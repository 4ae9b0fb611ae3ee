import { useState } from "react";
import { Button, countText, SearchField, Table, type Column } from "../../ui";
import { useExtremes } from "../chart/useExtremes";
import { numberOf } from "../runs/page";
import { numberText } from "../runs/cells";
import type { Pair, WireMetric } from "../types";

/** So many keys are listed at first, and with each press. */
const step = 25;
/** With so many keys there is a search field. */
const many = 10;

interface Keyed {
  key: string;
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Keeps a list of keys short: a search, and more on demand. */
function useKeys<T extends Keyed>(items: readonly T[]) {
  const [text, setText] = useState("");
  const [count, setCount] = useState(step);
  const found = items.filter((item) => item.key.toLowerCase().includes(text.trim().toLowerCase())).sort((a, b) => collator.compare(a.key, b.key));
  return { text, setText, found, shown: found.slice(0, count), more: found.length > count ? () => setCount(count + 4 * step) : undefined };
}

type Keys<T extends Keyed> = ReturnType<typeof useKeys<T>>;

function Search<T extends Keyed>({ keys, total, what }: { keys: Keys<T>; total: number; what: string }) {
  if (total <= many) return null;
  return <SearchField label={`Search ${what}`} placeholder={`Search ${countText(total)} ${what}`} value={keys.text} onChange={keys.setText} />;
}

function MoreKeys<T extends Keyed>({ keys, what }: { keys: Keys<T>; what: string }) {
  if (!keys.more) return null;
  return (
    <div className="row">
      <Button size="s" onPress={keys.more}>
        Show more {what}
      </Button>
      <span className="faint small">
        {countText(keys.shown.length)} of {countText(keys.found.length)}
      </span>
    </div>
  );
}

const pairColumns: Column<Pair>[] = [
  { key: "key", title: "Name", cell: ({ key }) => <span className="break">{key}</span> },
  { key: "value", title: "Value", cell: ({ value }) => <span className="break mono">{value}</span> },
];

/** Params. */
export function ParamsTable({ params }: { params: readonly Pair[] }) {
  const keys = useKeys(params);
  if (params.length === 0) return <p className="muted">No params were logged.</p>;
  return (
    <div className="stack">
      <Search keys={keys} total={params.length} what="params" />
      <Table label="Params" columns={pairColumns} rows={keys.shown} rowKey={(param) => param.key} empty="No param has this name." />
      <MoreKeys keys={keys} what="params" />
    </div>
  );
}

export interface MetricsTableProps {
  run: string;
  metrics: readonly WireMetric[];
  /** Read anew every so many milliseconds. */
  every: number | undefined;
}

/** Metrics: the last value, and the extremes of all that was logged. */
export function MetricsTable({ run, metrics, every }: MetricsTableProps) {
  const keys = useKeys(metrics);
  const extremes = useExtremes(
    run,
    keys.shown.map((metric) => metric.key),
    every,
  );
  if (metrics.length === 0) return <p className="muted">No metrics were logged.</p>;
  const extreme = (key: string, which: "min" | "max") => {
    const found = extremes.get(key);
    return found && Number.isFinite(found[which]) ? `${numberText(found[which])}${found.cut ? " *" : ""}` : "";
  };
  const columns: Column<WireMetric>[] = [
    { key: "key", title: "Name", cell: ({ key }) => <span className="break">{key}</span> },
    { key: "last", title: "Last", align: "end", cell: (metric) => <span title={String(metric.value)}>{numberText(numberOf(metric.value))}</span> },
    { key: "min", title: "Lowest", align: "end", cell: ({ key }) => extreme(key, "min") },
    { key: "max", title: "Highest", align: "end", cell: ({ key }) => extreme(key, "max") },
    { key: "step", title: "Step", align: "end", cell: (metric) => countText(metric.step), hideNarrow: true },
  ];
  return (
    <div className="stack">
      <Search keys={keys} total={metrics.length} what="metrics" />
      <Table label="Metrics" columns={columns} rows={keys.shown} rowKey={(metric) => metric.key} empty="No metric has this name." />
      {[...extremes.values()].some((found) => found.cut) ? <p className="faint small">* of the first 200,000 points</p> : null}
      <MoreKeys keys={keys} what="metrics" />
    </div>
  );
}
