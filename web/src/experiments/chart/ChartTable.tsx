import { useState } from "react";
import { Button, countText, metricText, Table, type Column } from "../../ui";
import { summaryOf, xText, type Line, type LineSummary, type XAxis } from "./series";

/** So many points are listed at first, and with each press. */
const step = 200;

/** What a chart shows, as a table: the points of one run, or what each of several runs amounts to. */
export function ChartTable({ title, lines, axis }: { title: string; lines: readonly Line[]; axis: XAxis }) {
  const [only] = lines;
  if (!only) return <p className="muted">No run is shown.</p>;
  return lines.length === 1 ? <Points title={title} line={only} axis={axis} /> : <Summaries title={title} lines={lines} axis={axis} />;
}

function Points({ title, line, axis }: { title: string; line: Line; axis: XAxis }) {
  const [count, setCount] = useState(step);
  const rows = Array.from(line.x.subarray(0, count), (x, i) => ({ i, x, y: line.y[i] ?? NaN }));
  const columns: Column<(typeof rows)[number]>[] = [
    { key: "x", title: { step: "Step", time: "Time", relative: "Seconds" }[axis], cell: ({ x }) => xText(x, axis) },
    { key: "y", title, cell: ({ y }) => (Number.isNaN(y) ? <span className="faint">not a number</span> : metricText(y)), align: "end" },
  ];
  return (
    <div className="stack">
      <Table label={`Points of ${title}`} columns={columns} rows={rows} rowKey={(row) => String(row.i)} />
      {line.x.length > count ? (
        <div className="row">
          <Button size="s" onPress={() => setCount(count + 5 * step)}>
            Show more points
          </Button>
          <span className="faint small">
            {countText(count)} of {countText(line.x.length)}
          </span>
        </div>
      ) : null}
    </div>
  );
}

interface Row {
  line: Line;
  summary: LineSummary | undefined;
}

const numberColumn = (key: keyof LineSummary, title: string): Column<Row> => ({
  key,
  title,
  align: "end",
  cell: ({ summary }) => (summary ? metricText(summary[key]) : ""),
});

function Summaries({ title, lines, axis }: { title: string; lines: readonly Line[]; axis: XAxis }) {
  const rows = lines.map((line) => ({ line, summary: summaryOf(line) }));
  const columns: Column<Row>[] = [
    { key: "run", title: "Run", cell: ({ line }) => <span className="break">{line.name}</span> },
    numberColumn("count", "Points"),
    numberColumn("first", "First"),
    numberColumn("last", "Last"),
    numberColumn("min", "Lowest"),
    numberColumn("max", "Highest"),
    { key: "span", title: { step: "Steps", time: "Times", relative: "Seconds" }[axis], cell: ({ summary }) => (summary ? `${xText(summary.from, axis)} – ${xText(summary.to, axis)}` : "") },
  ];
  return <Table label={`Runs in the chart of ${title}`} columns={columns} rows={rows} rowKey={(row) => row.line.id} />;
}
