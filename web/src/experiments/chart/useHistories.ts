import { useEffect, useMemo, useState } from "react";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { mostPoints, readHistories, type StepRange } from "../reader";
import { joined, merged, type History, type Points } from "./history";

/** So many runs are asked for at once: lines appear while others are still on their way. */
const batch = 25;

const none: History = new Map();

/** The histories of a metric of runs, thinned to 1,000 points a run. */
export function useHistories(runs: readonly string[], metric: string | undefined, options: { enabled?: boolean; every?: number | undefined } = {}) {
  const batches = Array.from({ length: Math.ceil(runs.length / batch) }, (_, i) => runs.slice(i * batch, (i + 1) * batch));
  return useQueries({
    queries: batches.map((ids) => ({
      queryKey: ["histories", metric, ...ids],
      queryFn: ({ signal }: { signal: AbortSignal }) => readHistories(ids, metric ?? "", undefined, signal),
      enabled: metric !== undefined && (options.enabled ?? true),
      refetchInterval: options.every ?? false,
      refetchOnWindowFocus: false,
      // Columns of numbers: comparing them with the old ones costs more than drawing.
      structuralSharing: false,
    })),
    combine,
  });
}

interface Result {
  data: History | undefined;
  error: Error | null;
  isPending: boolean;
}

interface Combined {
  history: History;
  error: Error | undefined;
  isPending: boolean;
}

/** The joined history stays the same object while its parts do. */
const known = new WeakMap<History, { parts: (History | undefined)[]; whole: History }>();

function combine(results: Result[]): Combined {
  const parts = results.map((result) => result.data);
  const first = parts.find((part) => part !== undefined);
  const error = results.find((result) => result.error)?.error ?? undefined;
  const isPending = results.some((result) => result.isPending);
  if (!first) return { history: none, error, isPending };
  const before = known.get(first);
  if (before?.parts.length === parts.length && before.parts.every((part, i) => part === parts[i])) return { history: before.whole, error, isPending };
  const whole = parts.length === 1 ? first : joined(parts.filter((part) => part !== undefined));
  known.set(first, { parts, whole });
  return { history: whole, error, isPending };
}

/** The server may have more points: as many came as it gives, and there is room for others between their steps. */
function isThinned({ steps }: Points): boolean {
  return steps.length >= mostPoints && (steps.at(-1) ?? 0) - (steps[0] ?? 0) >= steps.length;
}

/** How long lines wait for others that are on their way: each drawing takes as long as all lines need. */
const patience = 300;

/** The histories to show: all at once when they come soon after each other, else what is there. */
export function useShownHistory(history: History, isPending: boolean): History {
  const [shown, setShown] = useState(none);
  useEffect(() => {
    if (!isPending) return;
    const timer = setTimeout(() => setShown(history), patience);
    return () => clearTimeout(timer);
  }, [history, isPending]);
  return isPending ? shown : history;
}

/** The steps of the part of histories that is shown; undefined when that is nearly all of it, or nothing was thinned. */
export function stepsShown(history: History, from: number, to: number): StepRange | undefined {
  if (to - from > 0.8) return undefined;
  const all = [...history.values()];
  if (!all.some(isThinned)) return undefined;
  const first = Math.min(...all.map((points) => points.steps[0] ?? Infinity));
  const last = Math.max(...all.map((points) => points.steps.at(-1) ?? -Infinity));
  // The server takes steps of 32 bits.
  if (!Number.isFinite(last - first) || Math.max(Math.abs(first), Math.abs(last)) >= 2 ** 31) return undefined;
  return { from: Math.floor(first + from * (last - first)), to: Math.ceil(first + to * (last - first)) };
}

/** Histories with all that the server has of a range of steps: what was thinned becomes fine where it is looked at. */
export function useFiner(history: History, metric: string, range: StepRange | undefined): History {
  const thinned = range ? [...history].filter(([, points]) => isThinned(points)).map(([run]) => run) : [];
  const { data } = useQuery({
    queryKey: ["finer", metric, range, ...thinned],
    queryFn: ({ signal }) => readHistories(thinned, metric, range, signal),
    enabled: range !== undefined && thinned.length > 0,
    staleTime: 60_000,
    structuralSharing: false,
    placeholderData: keepPreviousData,
  });
  return useMemo(() => (range && data ? withFiner(history, data) : history), [history, range, data]);
}

function withFiner(history: History, part: History): History {
  return new Map(
    [...history].map(([run, whole]) => {
      const points = part.get(run);
      return [run, points ? merged(whole, points) : whole];
    }),
  );
}
