/** The runs table's part of the address: `?filter=…&order=metrics.acc&desc=1&view=deleted`, and what runs/search is asked for it. */
import type { Sort } from "../../ui";
import { attributeColumns, keyRef, nameColumn } from "./columns";
import type { FeedQuery } from "./feed";

export interface RunsView {
  filter: string;
  /** By a column's key; absent is newest first. */
  sort: Sort | undefined;
  deleted: boolean;
}

/** Reads the view out of the address. */
export function viewOf(params: URLSearchParams): RunsView {
  const key = params.get("order");
  return {
    filter: params.get("filter") ?? "",
    sort: key ? { key, direction: params.get("desc") === "1" ? "descending" : "ascending" } : undefined,
    deleted: params.get("view") === "deleted",
  };
}

/** Writes a changed view into the address, leaving what else is there. */
export function withView(params: URLSearchParams, change: Partial<RunsView>): URLSearchParams {
  const next = new URLSearchParams(params);
  const view = { ...viewOf(params), ...change };
  set(next, "filter", view.filter.trim());
  set(next, "order", view.sort?.key ?? "");
  set(next, "desc", view.sort?.direction === "descending" ? "1" : "");
  set(next, "view", view.deleted ? "deleted" : "");
  return next;
}

function set(params: URLSearchParams, name: string, value: string) {
  if (value === "") params.delete(name);
  else params.set(name, value);
}

/** What a column orders by; undefined for one that cannot. Columns of runs not seen yet count too: the address may name them. */
export function orderOf(key: string): string | undefined {
  const known = [nameColumn, ...attributeColumns].find((column) => column.key === key);
  if (known) return known.order;
  const dot = key.indexOf(".");
  const group = key.slice(0, dot);
  return group === "metrics" || group === "params" || group === "tags" ? keyRef(group, key.slice(dot + 1)) : undefined;
}

/** Writes order_by; none is the server's own order, newest first. */
export function orderBy(sort: Sort | undefined): string[] {
  const by = sort && orderOf(sort.key);
  return by ? [`${by} ${sort.direction === "ascending" ? "ASC" : "DESC"}`] : [];
}

/** What runs/search is asked. */
export function feedQuery(experiments: readonly string[], view: RunsView): FeedQuery {
  return { experiments, filter: view.filter.trim(), orderBy: orderBy(view.sort), view: view.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY" };
}

/** What pressing a header does: largest first for numbers and times, first letters first for texts; the second press turns it round, the third ends it. */
export function nextSort(sort: Sort | undefined, key: string): Sort | undefined {
  const first = key.startsWith("metrics.") || key.endsWith("_time") ? "descending" : "ascending";
  if (sort?.key !== key) return { key, direction: first };
  if (sort.direction !== first) return undefined;
  return { key, direction: first === "ascending" ? "descending" : "ascending" };
}
