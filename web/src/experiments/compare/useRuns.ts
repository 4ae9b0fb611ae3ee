import { useQuery } from "@tanstack/react-query";
import { get, mlflow } from "../../api/client";
import { each } from "../runs/change";
import type { Run } from "../types";

export interface Found {
  runs: Run[];
  /** Those that could not be read, with the server's reason. */
  missing: { id: string; error: Error }[];
}

/** Reads runs by their IDs, a few at a time, in the order they are named. */
export function useRuns(ids: readonly string[]) {
  return useQuery({
    queryKey: [`${mlflow}/runs/get`, ...ids],
    queryFn: async ({ signal }): Promise<Found> => {
      const found = new Map<string, Run>();
      const missing: Found["missing"] = [];
      await each(ids, async (id) => {
        try {
          found.set(id, (await get<{ run: Run }>(`${mlflow}/runs/get`, { run_id: id }, { signal })).run);
        } catch (error) {
          if (signal.aborted) throw error;
          missing.push({ id, error: error instanceof Error ? error : new Error(String(error)) });
        }
      });
      return { runs: ids.flatMap((id) => found.get(id) ?? []), missing };
    },
    enabled: ids.length > 0,
  });
}
