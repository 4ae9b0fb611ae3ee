/** What columns the runs table can show, which of them it shows, and how wide they are. */
import type { KeyGroup, Keys } from "./keys";

export type ColumnGroup = "attributes" | KeyGroup;

export interface RunColumn {
  /** "metrics.acc": names the column in the address and in what is remembered. */
  key: string;
  group: ColumnGroup;
  /** The metric's, param's, tag's or attribute's own name. */
  name: string;
  title: string;
  width: number;
  /** Numbers stand at the end of their cell. */
  end: boolean;
  /** What runs/search can order by; absent where it cannot. */
  order: string | undefined;
}

const attribute = (name: string, title: string, width: number, order?: string): RunColumn => ({
  key: `attributes.${name}`,
  group: "attributes",
  name,
  title,
  width,
  end: name === "duration" || name === "models",
  order,
});

/** The column that is always there, first. */
export const nameColumn = attribute("run_name", "Run", 240, "attributes.run_name");

export const attributeColumns: readonly RunColumn[] = [
  attribute("start_time", "Started", 200, "attributes.start_time"),
  attribute("duration", "Duration", 112),
  attribute("status", "Status", 110, "attributes.status"),
  attribute("user_id", "User", 160, "attributes.user_id"),
  attribute("source", "Source", 140, "tags.`mlflow.source.name`"),
  attribute("commit", "Commit", 100, "tags.`mlflow.source.git.commit`"),
  attribute("datasets", "Datasets", 200),
  attribute("models", "Models", 90),
  attribute("description", "Description", 220, "tags.`mlflow.note.content`"),
  attribute("run_id", "Run ID", 270, "attributes.run_id"),
  attribute("end_time", "Ended", 200, "attributes.end_time"),
];

const usual = ["start_time", "duration", "user_id", "source"].map((name) => `attributes.${name}`);

/** How many metrics, params and tags are shown before somebody chooses. */
const first: Record<KeyGroup, number> = { metrics: 12, params: 8, tags: 3 };

export const groupTitles: Record<ColumnGroup, string> = { attributes: "Attributes", metrics: "Metrics", params: "Params", tags: "Tags" };

/** Tags that MLflow writes itself. */
export const isSystemTag = (key: string) => key.startsWith("mlflow.");

/** Writes a key as filters and orders name it. Backticks hold all but backticks themselves. */
export function keyRef(group: KeyGroup, key: string): string {
  if (!key.includes("`")) return `${group}.\`${key}\``;
  return key.includes('"') ? `${group}.'${key.replaceAll("'", "''")}'` : `${group}."${key}"`;
}

/** A width that shows the title, within limits: cells are cut, and say all on hover. */
const widthFor = (title: string, least: number) => Math.min(220, Math.max(least, Math.round(title.length * 7.4) + 40));

function keyColumn(group: KeyGroup, name: string): RunColumn {
  const end = group === "metrics";
  return { key: `${group}.${name}`, group, name, title: name, width: widthFor(name, end ? 96 : 110), end, order: keyRef(group, name) };
}

/** All columns but the first, in the order they are shown: attributes, metrics, params, tags, those of MLflow itself last. */
export function allColumns(keys: Keys): RunColumn[] {
  const tags = [...keys.tags.filter((key) => !isSystemTag(key)), ...keys.tags.filter(isSystemTag)];
  return [
    ...attributeColumns,
    ...keys.metrics.map((key) => keyColumn("metrics", key)),
    ...keys.params.map((key) => keyColumn("params", key)),
    ...tags.map((key) => keyColumn("tags", key)),
  ];
}

/** The columns shown until somebody chooses. */
export function usualColumns(keys: Keys): string[] {
  const own = keys.tags.filter((key) => !isSystemTag(key));
  const some = (group: KeyGroup, names: readonly string[]) => names.slice(0, first[group]).map((name) => `${group}.${name}`);
  return [...usual, ...some("metrics", keys.metrics), ...some("params", keys.params), ...some("tags", own)];
}

/** The columns to show: those chosen, or the usual ones. */
export function shownColumns(all: readonly RunColumn[], chosen: ReadonlySet<string>): RunColumn[] {
  return all.filter((column) => chosen.has(column.key));
}

/** The columns that a search text finds, by group. */
export function findColumns(all: readonly RunColumn[], text: string): [ColumnGroup, RunColumn[]][] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((column) => words.every((word) => `${column.key} ${column.title}`.toLowerCase().includes(word)));
  const groups: ColumnGroup[] = ["attributes", "metrics", "params", "tags"];
  return groups.map((group): [ColumnGroup, RunColumn[]] => [group, found.filter((c) => c.group === group)]).filter(([, list]) => list.length > 0);
}

/** Where each column begins, and where the last one ends. */
export function edgesOf(columns: readonly RunColumn[]): number[] {
  const edges = [0];
  for (const column of columns) edges.push((edges.at(-1) ?? 0) + column.width);
  return edges;
}
