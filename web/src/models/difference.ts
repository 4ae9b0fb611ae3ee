/** What is different between a version and the one that is in Production now. */
import type { ModelVersion } from "./types";

export interface Pair {
  key: string;
  value: string;
}

export interface RunValues {
  params: readonly Pair[];
  metrics: readonly { key: string; value: number }[];
}

export interface Difference {
  what: "param" | "metric";
  key: string;
  before?: string | undefined;
  after?: string | undefined;
  /** By how much a metric is above what it was. */
  by?: number | undefined;
}

/** Lists the params and metrics in which two runs differ, metrics first, each by name. */
export function runDifferences(before: RunValues, after: RunValues): Difference[] {
  return [...metricDifferences(before.metrics, after.metrics), ...paramDifferences(before.params, after.params)];
}

function metricDifferences(before: RunValues["metrics"], after: RunValues["metrics"]): Difference[] {
  const old = new Map(before.map((m) => [m.key, m.value]));
  const now = new Map(after.map((m) => [m.key, m.value]));
  return keysOf(old, now)
    .filter((key) => !Object.is(old.get(key), now.get(key)))
    .map((key) => {
      const [a, b] = [old.get(key), now.get(key)];
      return { what: "metric" as const, key, before: a?.toString(), after: b?.toString(), by: a === undefined || b === undefined ? undefined : b - a };
    });
}

function paramDifferences(before: readonly Pair[], after: readonly Pair[]): Difference[] {
  const old = new Map(before.map((p) => [p.key, p.value]));
  const now = new Map(after.map((p) => [p.key, p.value]));
  return keysOf(old, now)
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => ({ what: "param" as const, key, before: old.get(key), after: now.get(key) }));
}

const keysOf = (a: Map<string, unknown>, b: Map<string, unknown>) => [...new Set([...a.keys(), ...b.keys()])].sort();

/** How the bytes of two versions relate, in a sentence. */
export function bytesSentence(production: Pick<ModelVersion, "version" | "digest">, asked: Pick<ModelVersion, "digest">): string {
  if (!production.digest || !asked.digest) return "One of the two has no digest, so the bytes cannot be compared.";
  if (production.digest === asked.digest) return `The bytes are those of version ${production.version}: both have the same digest.`;
  return "The bytes differ: the digests are not the same.";
}
