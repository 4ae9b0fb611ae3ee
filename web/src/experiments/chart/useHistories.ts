import { useQueries } from "@tanstack/react-query";
import { readHistories } from "../reader";
import { joined, type History } from "./history";

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
