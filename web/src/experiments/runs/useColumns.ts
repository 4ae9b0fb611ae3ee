import { useMemo, useState } from "react";
import { allColumns, shownColumns, usualColumns, type RunColumn } from "./columns";
import type { Keys } from "./keys";

export interface ColumnChoice {
  all: RunColumn[];
  shown: RunColumn[];
  chosen: ReadonlySet<string>;
  choose: (keys: ReadonlySet<string>) => void;
  /** Back to the usual columns; absent while they are shown. */
  reset: (() => void) | undefined;
}

const place = (experiment: string) => `bailiwick.columns.${experiment}`;

function remembered(experiment: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(place(experiment)) ?? "null");
    return Array.isArray(value) ? value.filter((key) => typeof key === "string") : undefined;
  } catch {
    return undefined;
  }
}

function remember(experiment: string, keys: readonly string[] | undefined) {
  try {
    if (keys) localStorage.setItem(place(experiment), JSON.stringify(keys));
    else localStorage.removeItem(place(experiment));
  } catch {
    // storage is closed or full: the choice holds until the page is left
  }
}

/** The columns of an experiment's table: the usual ones until the viewer chooses; this browser remembers the choice. */
export function useColumns(experiment: string, keys: Keys): ColumnChoice {
  const [own, setOwn] = useState(() => remembered(experiment));
  const all = useMemo(() => allColumns(keys), [keys]);
  const chosen = useMemo(() => new Set(own ?? usualColumns(keys)), [own, keys]);
  const shown = useMemo(() => shownColumns(all, chosen), [all, chosen]);
  const choose = (next: ReadonlySet<string>) => {
    setOwn([...next]);
    remember(experiment, [...next]);
  };
  const reset = () => {
    setOwn(undefined);
    remember(experiment, undefined);
  };
  return { all, shown, chosen, choose, reset: own ? reset : undefined };
}
