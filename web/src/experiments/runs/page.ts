/** A page of runs in columns: 100,000 runs with 200 values each fit into memory so, and a cell is found without looking at the others. */
import type { Pair, Run, RunsAnswer, WireMetric } from "../types";

/** Values of a metric: those rows of the page that have one, ascending, and each one's value. */
export interface Numbers {
  rows: Uint16Array;
  values: Float64Array;
}

/** Values of a param or tag: rows as above, and each one's place in `words`. */
export interface Words {
  rows: Uint16Array;
  codes: Uint16Array;
  words: string[];
}

export interface RunPage {
  count: number;
  ids: string[];
  names: string[];
  /** Milliseconds since 1970; 0 for none. */
  starts: Float64Array;
  ends: Float64Array;
  statuses: string[];
  users: string[];
  deleted: boolean;
  metrics: Map<string, Numbers>;
  params: Map<string, Words>;
  tags: Map<string, Words>;
  datasets: string[];
  models: number[];
  nextToken: string | undefined;
}

/** The most runs of a page: rows are kept in 16 bits. */
export const pageLimit = 50_000;

/** The largest number stands for infinity in MLflow's JSON. */
export function numberOf(value: WireMetric["value"]): number {
  if (value === "NaN") return NaN;
  if (value === Number.MAX_VALUE) return Infinity;
  return value === -Number.MAX_VALUE ? -Infinity : value;
}

class NumberGatherer {
  private readonly rows = new Map<string, number[]>();
  private readonly values = new Map<string, number[]>();

  add(row: number, metrics: readonly WireMetric[] = []) {
    for (const metric of metrics) {
      const rows = this.rows.get(metric.key);
      if (rows === undefined) {
        this.rows.set(metric.key, [row]);
        this.values.set(metric.key, [numberOf(metric.value)]);
      } else if (rows.at(-1) !== row) {
        // A metric may come once for each dataset or model; the first one is the run's.
        rows.push(row);
        this.values.get(metric.key)?.push(numberOf(metric.value));
      }
    }
  }

  done(): Map<string, Numbers> {
    const out = new Map<string, Numbers>();
    for (const [key, rows] of this.rows) out.set(key, { rows: Uint16Array.from(rows), values: Float64Array.from(this.values.get(key) ?? []) });
    return out;
  }
}

interface Gathered {
  rows: number[];
  codes: number[];
  places: Map<string, number>;
}

class WordGatherer {
  private readonly columns = new Map<string, Gathered>();

  add(row: number, pairs: readonly Pair[] = []) {
    for (const { key, value } of pairs) {
      let column = this.columns.get(key);
      if (column === undefined) this.columns.set(key, (column = { rows: [], codes: [], places: new Map() }));
      let code = column.places.get(value);
      if (code === undefined) column.places.set(value, (code = column.places.size));
      column.rows.push(row);
      column.codes.push(code);
    }
  }

  done(): Map<string, Words> {
    const out = new Map<string, Words>();
    for (const [key, { rows, codes, places }] of this.columns) {
      out.set(key, { rows: Uint16Array.from(rows), codes: Uint16Array.from(codes), words: [...places.keys()] });
    }
    return out;
  }
}

/** Puts an answer of runs/search into columns. */
export function pageOf(answer: RunsAnswer): RunPage {
  const runs = (answer.runs ?? []).slice(0, pageLimit);
  const metrics = new NumberGatherer();
  const params = new WordGatherer();
  const tags = new WordGatherer();
  runs.forEach((run, row) => {
    metrics.add(row, run.data.metrics);
    params.add(row, run.data.params);
    tags.add(row, run.data.tags);
  });
  return {
    count: runs.length,
    ids: runs.map((run) => run.info.run_id),
    names: runs.map((run) => run.info.run_name ?? ""),
    starts: Float64Array.from(runs, (run) => run.info.start_time ?? 0),
    ends: Float64Array.from(runs, (run) => run.info.end_time ?? 0),
    statuses: runs.map((run) => run.info.status),
    users: runs.map((run) => run.info.user_id ?? ""),
    deleted: runs[0]?.info.lifecycle_stage === "deleted",
    metrics: metrics.done(),
    params: params.done(),
    tags: tags.done(),
    datasets: runs.map(datasetsText),
    models: runs.map((run) => run.outputs?.model_outputs?.length ?? 0),
    nextToken: answer.next_page_token === "" ? undefined : answer.next_page_token,
  };
}

function datasetsText(run: Run): string {
  const names = (run.inputs?.dataset_inputs ?? []).map((input) => `${input.dataset.name} (${input.dataset.digest})`);
  return names.join(", ");
}

/** Where a row stands in ascending rows; -1 where it is not. */
export function placeIn(rows: Uint16Array, row: number): number {
  // Columns without gaps, the usual ones, need no search.
  if (rows[row] === row) return row;
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rows[middle] ?? 0;
    if (found === row) return middle;
    if (found < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** A row's number; undefined where the run has none (NaN is a value that was logged). */
export function numberAt(column: Numbers | undefined, row: number): number | undefined {
  return column?.values[placeIn(column.rows, row)];
}

/** A row's text; undefined where the run has none. */
export function wordAt(column: Words | undefined, row: number): string | undefined {
  const code = column?.codes[placeIn(column.rows, row)];
  return code === undefined ? undefined : column?.words[code];
}
