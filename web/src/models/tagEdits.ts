/** What is to be done so that tags become what an editor holds. */
import type { Tag } from "./types";

export interface TagRow extends Tag {
  /** Keeps a row's fields while its key is typed. */
  id: number;
}

/** Sets what is new or changed, and removes keys that are gone. Rows without a key are left out; of two with the same key the last counts. */
export function tagEdits(before: readonly Tag[], rows: readonly Tag[]): { set: Tag[]; removed: string[] } {
  const old = new Map(before.map((t) => [t.key, t.value]));
  const now = new Map(rows.filter((t) => t.key.trim() !== "").map((t) => [t.key.trim(), t.value]));
  const set = [...now].filter(([key, value]) => old.get(key) !== value).map(([key, value]) => ({ key, value }));
  return { set, removed: [...old.keys()].filter((key) => !now.has(key)) };
}

/** The keys that stand in more than one row. */
export function twice(rows: readonly Tag[]): string[] {
  const keys = rows.map((t) => t.key.trim()).filter((key) => key !== "");
  return [...new Set(keys.filter((key, i) => keys.indexOf(key) !== i))];
}
