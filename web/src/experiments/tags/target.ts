/** What tags hang on, and how MLflow's API changes them there. */
import { del, mlflow, patch, post } from "../../api/client";
import type { TagChanges } from "./changes";

export type TagTarget = { kind: "experiment"; id: string } | { kind: "run"; id: string } | { kind: "logged-model"; id: string };

/** The ability that changing tags takes. */
export const tagAbility = { experiment: "edit-tags", run: "log-runs", "logged-model": "edit-logged-models" } as const;

async function setTag(target: TagTarget, key: string, value: string) {
  if (target.kind === "experiment") return post(`${mlflow}/experiments/set-experiment-tag`, { experiment_id: target.id, key, value });
  if (target.kind === "run") return post(`${mlflow}/runs/set-tag`, { run_id: target.id, key, value });
  return patch(`${mlflow}/logged-models/${encodeURIComponent(target.id)}/tags`, { tags: [{ key, value }] });
}

async function removeTag(target: TagTarget, key: string) {
  if (target.kind === "experiment") return post(`${mlflow}/experiments/delete-experiment-tag`, { experiment_id: target.id, key });
  if (target.kind === "run") return post(`${mlflow}/runs/delete-tag`, { run_id: target.id, key });
  return del(`${mlflow}/logged-models/${encodeURIComponent(target.id)}/tags/${encodeURIComponent(key)}`);
}

/** Makes all changes, one after the other, and stops at the first that fails. */
export async function saveTags(target: TagTarget, changes: TagChanges): Promise<void> {
  for (const { key, value } of changes.set) await setTag(target, key, value);
  for (const key of changes.remove) await removeTag(target, key);
}
