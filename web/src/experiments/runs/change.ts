import { mlflow, post } from "../../api/client";

/** How many requests are under way at once. */
const atOnce = 6;

/** Does something with each item, a few at a time, and stops at the first failure. */
export async function each<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const work = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}

/** Deletes or restores runs; MLflow's API takes them one by one. */
export const changeRuns = (ids: readonly string[], how: "delete" | "restore"): Promise<void> =>
  each(ids, (id) => post(`${mlflow}/runs/${how}`, { run_id: id }));
