import { useQuery } from "@tanstack/react-query";
import { get, mlflow, post } from "../../api/client";
import { each } from "../runs/change";
import type { Run, RunsAnswer } from "../types";

export interface Found {
  runs: Run[];
  /** Those that could not be read, with the server's reason. */
  missing: { id: string; error: Error }[];
}

/** What a filter may name as a run. */
const isRunId = (id: string) => /^[0-9a-f]{32}$/.test(id);

/** Asks for runs of an experiment at once; none where that fails, since each can still be asked for. */
async function runsIn(experiment: string, ids: readonly string[], signal: AbortSignal): Promise<Run[]> {
  const named = ids.filter(isRunId);
  if (named.length === 0) return [];
  const filter = `attributes.run_id IN (${named.map((id) => `'${id}'`).join(", ")})`;
  const body = { experiment_ids: [experiment], filter, run_view_type: "ALL", max_results: named.length };
  const answer = await post<RunsAnswer>(`${mlflow}/runs/search`, body, { signal }).catch(() => undefined);
  return answer?.runs ?? [];
}

/** Reads runs by their IDs, in the order they are named: the first one tells the experiment that mostly has all, the others are asked for one by one. */
export async function readRuns(ids: readonly string[], signal: AbortSignal): Promise<Found> {
  const found = new Map<string, Run>();
  const missing: Found["missing"] = [];
  const readOne = async (id: string) => {
    try {
      found.set(id, (await get<{ run: Run }>(`${mlflow}/runs/get`, { run_id: id }, { signal })).run);
    } catch (error) {
      if (signal.aborted) throw error;
      missing.push({ id, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const [first, ...others] = ids;
  if (first !== undefined) await readOne(first);
  const home = found.get(first ?? "")?.info.experiment_id;
  if (home !== undefined) for (const run of await runsIn(home, others, signal)) found.set(run.info.run_id, run);
  await each(
    others.filter((id) => !found.has(id)),
    readOne,
  );
  return { runs: ids.flatMap((id) => found.get(id) ?? []), missing };
}

/** Reads runs by their IDs, in the order they are named. */
export function useRuns(ids: readonly string[]) {
  return useQuery({
    queryKey: [`${mlflow}/runs/get`, ...ids],
    queryFn: ({ signal }) => readRuns(ids, signal),
    enabled: ids.length > 0,
  });
}
