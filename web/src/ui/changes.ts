/** The difference of two JSON values, path by path. */

export interface Change {
  /** "settings.levels[2].name"; "" for the whole value. */
  path: string;
  what: "added" | "removed" | "changed";
  before?: unknown;
  after?: unknown;
}

/** Lists what differs; equal values give nothing. Lists are compared place by place. */
export function diffOf(before: unknown, after: unknown, path = ""): Change[] {
  if (Object.is(before, after)) return [];
  if (before === undefined || before === null) return after === undefined || after === null ? [] : [{ path, what: "added", after }];
  if (after === undefined || after === null) return [{ path, what: "removed", before }];
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) return [{ path, what: "changed", before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => diffOf(before[key], after[key], joined(path, key, Array.isArray(before))));
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function joined(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** A value as the table of differences shows it. */
export function valueText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
