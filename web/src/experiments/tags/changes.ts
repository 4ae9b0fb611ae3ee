/** Staged changes of tags: what a form holds, and the calls that bring it about. */
import type { Pair } from "../types";

/** A line of the form; `old` is the key it had when the form was opened. */
export interface TagLine {
  id: number;
  key: string;
  value: string;
  old?: Pair | undefined;
}

export interface TagChanges {
  set: Pair[];
  remove: string[];
}

/** Tags that MLflow and this server write are not edited here: they are shown in their own places. */
export const isOwnTag = (tag: Pair): boolean => !tag.key.startsWith("mlflow.") && !tag.key.startsWith("bailiwick.");

export const linesOf = (tags: readonly Pair[]): TagLine[] =>
  [...tags].sort((a, b) => a.key.localeCompare(b.key)).map((tag, id) => ({ id, ...tag, old: tag }));

/** What the form changes: a line whose key was changed takes the old key away. */
export function changesOf(before: readonly Pair[], lines: readonly TagLine[]): TagChanges {
  const after = new Map(lines.filter((line) => line.key.trim() !== "").map((line) => [line.key.trim(), line.value]));
  const old = new Map(before.map((tag) => [tag.key, tag.value]));
  return {
    set: [...after].filter(([key, value]) => old.get(key) !== value).map(([key, value]) => ({ key, value })),
    remove: [...old.keys()].filter((key) => !after.has(key)),
  };
}

/** What is wrong with a line; undefined when nothing is. */
export function lineError(line: TagLine, lines: readonly TagLine[]): string | undefined {
  const key = line.key.trim();
  if (key === "") return line.value === "" ? undefined : "Give the tag a key.";
  if (!isOwnTag({ key, value: "" })) return `Keys that begin with ${key.slice(0, key.indexOf(".") + 1)} have a meaning of their own, and are not changed here.`;
  return lines.some((other) => other.id !== line.id && other.key.trim() === key) ? "This key stands twice." : undefined;
}
