/** Histories of metrics: points of runs in columns, as the server answers them. */
import { numberOf } from "../runs/page";
import type { HistoryAnswer } from "../types";

/** The points of one run, in the order of their steps. Times are milliseconds since 1970. */
export interface Points {
  steps: Float64Array;
  times: Float64Array;
  values: Float64Array;
}

/** Points by run ID. */
export type History = Map<string, Points>;

interface Gathered {
  steps: number[];
  times: number[];
  values: number[];
}

/** Puts an answer into columns by run; an answer about one run names none, and that is "". */
export function historyOf(answer: HistoryAnswer): History {
  const gathered = new Map<string, Gathered>();
  for (const metric of answer.metrics ?? []) {
    const run = metric.run_id ?? "";
    let points = gathered.get(run);
    if (points === undefined) gathered.set(run, (points = { steps: [], times: [], values: [] }));
    points.steps.push(metric.step);
    points.times.push(metric.timestamp);
    points.values.push(numberOf(metric.value));
  }
  return new Map([...gathered].map(([run, points]) => [run, inSteps(points)]));
}

/** Orders points by step, then time; they come so already, but for those that were logged late. */
function inSteps({ steps, times, values }: Gathered): Points {
  const ordered = steps.every((step, i) => i === 0 || (steps[i - 1] ?? step) <= step);
  if (ordered) return { steps: Float64Array.from(steps), times: Float64Array.from(times), values: Float64Array.from(values) };
  const places = steps.map((_, i) => i).sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0) || (times[a] ?? 0) - (times[b] ?? 0));
  const pick = (list: number[]) => Float64Array.from(places, (i) => list[i] ?? NaN);
  return { steps: pick(steps), times: pick(times), values: pick(values) };
}

/** Histories on their way from the worker: all numbers in one buffer. */
export interface PackedHistory {
  /** Each run with how many points it has. */
  runs: [string, number][];
  numbers: Float64Array<ArrayBuffer>;
}

/** Packs histories: of each run its steps, times and values. */
export function packHistory(history: History): PackedHistory {
  const runs = [...history].map(([run, { steps }]): [string, number] => [run, steps.length]);
  const numbers = new Float64Array(3 * runs.reduce((sum, [, count]) => sum + count, 0));
  let at = 0;
  for (const { steps, times, values } of history.values()) {
    for (const list of [steps, times, values]) {
      numbers.set(list, at);
      at += list.length;
    }
  }
  return { runs, numbers };
}

/** Unpacks histories; their points are views of the one buffer. */
export function unpackHistory({ runs, numbers }: PackedHistory): History {
  let at = 0;
  const cut = (count: number) => {
    at += count;
    return numbers.subarray(at - count, at);
  };
  return new Map(runs.map(([run, count]) => [run, { steps: cut(count), times: cut(count), values: cut(count) }]));
}

/** Joins histories of different runs. */
export function joined(parts: readonly History[]): History {
  return new Map(parts.flatMap((part) => [...part]));
}

/** Joins the points of a run at hand with finer ones of an interval of steps: inside of it, only the finer ones hold. */
export function merged(whole: Points, part: Points): Points {
  const first = part.steps[0];
  const last = part.steps.at(-1);
  if (first === undefined || last === undefined) return whole;
  const before = whole.steps.findIndex((step) => step >= first);
  const head = before < 0 ? whole.steps.length : before;
  const after = whole.steps.findIndex((step) => step > last);
  const tail = after < 0 ? whole.steps.length : after;
  const join = (a: Float64Array, b: Float64Array) => Float64Array.from([...a.subarray(0, head), ...b, ...a.subarray(tail)]);
  return { steps: join(whole.steps, part.steps), times: join(whole.times, part.times), values: join(whole.values, part.values) };
}
