import { useQueries } from "@tanstack/react-query";
import { get, mlflow } from "../../api/client";
import type { HistoryAnswer } from "../types";
import { historyOf } from "./history";

/** What all points of a metric amount to. */
export interface Extremes {
  count: number;
  min: number;
  max: number;
  /** More points than are read. */
  cut: boolean;
}

const pageSize = 20_000;
const mostPages = 10;

/** Reads the whole history of a metric, page by page, and keeps only its extremes. */
async function readExtremes(run: string, metric: string, signal: AbortSignal): Promise<Extremes> {
  const found: Extremes = { count: 0, min: Infinity, max: -Infinity, cut: false };
  let token: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const params = { run_id: run, metric_key: metric, max_results: pageSize, page_token: token };
    const answer = await get<HistoryAnswer>(`${mlflow}/metrics/get-history`, params, { signal });
    for (const points of historyOf(answer).values()) widen(found, points.values);
    token = answer.next_page_token;
    if (!token) break;
  }
  return { ...found, cut: Boolean(token) };
}

/** Takes in values; what is not a number has no place in an order. */
export function widen(found: Extremes, values: Float64Array) {
  found.count += values.length;
  for (const value of values) {
    if (value < found.min) found.min = value;
    if (value > found.max) found.max = value;
  }
}

/** The extremes of some metrics of a run, by metric. */
export function useExtremes(run: string, metrics: readonly string[], every?: number): ReadonlyMap<string, Extremes> {
  return useQueries({
    queries: metrics.map((metric) => ({
      queryKey: ["extremes", run, metric],
      queryFn: ({ signal }: { signal: AbortSignal }) => readExtremes(run, metric, signal),
      staleTime: 60_000,
      refetchInterval: every ?? false,
    })),
    combine: (results) => new Map(results.flatMap(({ data }, i): [string, Extremes][] => (data ? [[metrics[i] ?? "", data]] : []))),
  });
}
