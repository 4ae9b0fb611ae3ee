/** What becomes of staged changes when somebody else saved first. */
import type { Acl, Who } from "./acl";
import type { Wishes } from "./staging";

/** Keeps each wish that is still one on the new state: not what is so already, and not what has become fixed. */
export function rebase(now: Acl, wishes: Wishes): Wishes {
  const kept = new Map<string, { who: Who; level: string | null }>();
  for (const [key, wish] of wishes) {
    const entry = now.direct.find((e) => e.key === key);
    const already = (entry?.level ?? null) === wish.level;
    if (!already && entry?.reason === undefined && !now.fixed.has(key)) kept.set(key, wish);
  }
  return kept;
}

/** One thing that somebody else changed: the levels before and after, null for none. */
export interface Drift {
  key: string;
  who: Who;
  before: string | null;
  after: string | null;
}

/** What is different on the object itself between two versions. */
export function driftOf(before: Acl, after: Acl): Drift[] {
  if (before.etag === after.etag) return [];
  const was = new Map(before.direct.map((e) => [e.key, e]));
  const is = new Map(after.direct.map((e) => [e.key, e]));
  const all = new Map([...was, ...is]);
  const drift: Drift[] = [];
  for (const [key, { who }] of all) {
    const [a, b] = [was.get(key)?.level ?? null, is.get(key)?.level ?? null];
    if (a !== b) drift.push({ key, who, before: a, after: b });
  }
  return drift;
}
