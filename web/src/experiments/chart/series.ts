/** From points to lines: what stands on the x axis, smoothing, what a logarithmic scale can show, and what a line amounts to in words. */
import { metricText } from "../../ui/format";
import type { Points } from "./history";

export type XAxis = "step" | "time" | "relative";

export interface Line {
  id: string;
  name: string;
  x: Float64Array;
  /** NaN where there is nothing to draw: values that are no number, infinite, or not above 0 on a logarithmic scale. */
  y: Float64Array;
}

export interface LineOptions {
  axis: XAxis;
  /** From 0, none, to below 1. */
  smoothing: number;
  log: boolean;
}

/** Makes the line of a run. Relative time is in seconds from its first point. */
export function lineOf(id: string, name: string, points: Points, options: LineOptions): Line {
  const y = options.smoothing > 0 ? smoothed(points.values, options.smoothing) : points.values.slice();
  for (let i = 0; i < y.length; i += 1) {
    const value = y[i] ?? NaN;
    if (!Number.isFinite(value) || (options.log && value <= 0)) y[i] = NaN;
  }
  return { id, name, ...(options.axis === "step" ? { x: points.steps, y } : byTime(points.times, y, options.axis)) };
}

/** Puts values in the order of time: a step may have been logged after a later one. */
function byTime(times: Float64Array, y: Float64Array, axis: XAxis): { x: Float64Array; y: Float64Array } {
  const places = Array.from(times, (_, i) => i).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  const first = axis === "relative" ? (times[places[0] ?? 0] ?? 0) : 0;
  const scale = axis === "relative" ? 1000 : 1;
  return {
    x: Float64Array.from(places, (i) => ((times[i] ?? 0) - first) / scale),
    y: Float64Array.from(places, (i) => y[i] ?? NaN),
  };
}

/** Exponential moving average, made fair to the first values (as in Adam): each is divided by the weight it could have. What is no finite number is left as it is. */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  const out = new Float64Array(values.length);
  let last = 0;
  let count = 0;
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      out[i] = value;
      return;
    }
    last = last * weight + (1 - weight) * value;
    count += 1;
    out[i] = last / (1 - weight ** count);
  });
  return out;
}

export interface LineSummary {
  count: number;
  first: number;
  last: number;
  min: number;
  max: number;
  /** Where the line begins and ends. */
  from: number;
  to: number;
}

/** What a line amounts to; undefined when there is nothing to draw. */
export function summaryOf(line: Line): LineSummary | undefined {
  let found: LineSummary | undefined;
  for (let i = 0; i < line.y.length; i += 1) {
    const y = line.y[i] ?? NaN;
    const x = line.x[i] ?? NaN;
    if (Number.isNaN(y)) continue;
    found ??= { count: 0, first: y, last: y, min: y, max: y, from: x, to: x };
    found.count += 1;
    found.last = y;
    found.to = x;
    if (y < found.min) found.min = y;
    if (y > found.max) found.max = y;
  }
  return found;
}

const axisWords: Record<XAxis, string> = { step: "step", time: "time", relative: "relative time" };

/** A chart in a sentence or a few, for those who cannot see it. */
export function chartText(title: string, lines: readonly Line[], axis: XAxis): string {
  const head = `Line chart of ${title} by ${axisWords[axis]}, ${lines.length} ${lines.length === 1 ? "line" : "lines"}.`;
  const some = lines.slice(0, 5).map((line) => {
    const s = summaryOf(line);
    if (!s) return `${line.name}: nothing to draw.`;
    return `${line.name}: from ${metricText(s.first)} to ${metricText(s.last)}, lowest ${metricText(s.min)}, highest ${metricText(s.max)}.`;
  });
  const more = lines.length > 5 ? [`And ${lines.length - 5} more; the table has all.`] : [];
  return [head, ...some, ...more].join(" ");
}

/** How a value of the x axis reads. */
export function xText(x: number, axis: XAxis): string {
  if (axis === "step") return String(x);
  if (axis === "relative") return `${metricText(x)} s`;
  return new Date(x).toLocaleString();
}

/** How a line is told from the others by more than its colour: 8 colours, then another dash, then another width. */
export function lookOf(index: number): { color: string; dash: "solid" | "dashed" | "dotted" | number[]; width: number } {
  const dashes = ["solid", "dashed", "dotted", [8, 3, 2, 3]] as const;
  const dash = dashes[Math.floor(index / 8) % dashes.length] ?? "solid";
  return { color: `--c-${(index % 8) + 1}`, dash: typeof dash === "string" ? dash : [...dash], width: index >= 64 ? 2.6 : index >= 32 ? 2 : 1.6 };
}
