/** Runs beside each other: a row for each param, metric or tag, a value for each run. */
import { numberOf } from "../runs/page";
import { numberText } from "../runs/cells";
import type { Run } from "../types";

export interface CompareRow {
  key: string;
  /** In the order of the runs; undefined where a run has none. */
  values: (string | undefined)[];
  /** Not all are the same. */
  differs: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Lines up what each run has under the same key. */
export function linedUp(lists: readonly (readonly { key: string; text: string }[])[]): CompareRow[] {
  const rows = new Map<string, (string | undefined)[]>();
  lists.forEach((list, run) => {
    for (const { key, text } of list) {
      const values = rows.get(key) ?? lists.map((): string | undefined => undefined);
      values[run] = text;
      rows.set(key, values);
    }
  });
  return [...rows]
    .map(([key, values]) => ({ key, values, differs: values.some((value) => value !== values[0]) }))
    .sort((a, b) => collator.compare(a.key, b.key));
}

export const paramRows = (runs: readonly Run[]): CompareRow[] => linedUp(runs.map((run) => (run.data.params ?? []).map(({ key, value }) => ({ key, text: value }))));

export const metricRows = (runs: readonly Run[]): CompareRow[] =>
  linedUp(runs.map((run) => (run.data.metrics ?? []).map(({ key, value }) => ({ key, text: numberText(numberOf(value)) }))));

export const tagRows = (runs: readonly Run[]): CompareRow[] =>
  linedUp(runs.map((run) => (run.data.tags ?? []).filter((tag) => !tag.key.startsWith("mlflow.")).map(({ key, value }) => ({ key, text: value }))));

/** The runs that an address names: each once, at most 100. */
export function runsOf(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").map((id) => id.trim()))].filter((id) => id !== "").slice(0, 100);
}
