import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import type { Sort } from "../ui";

/** Keeps what a list is filtered by in the address, so that it can be linked and survives going back. */
export function useFilter() {
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string) =>
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return [(name: string) => params.get(name) ?? "", set] as const;
}

const columns: Record<string, string> = { name: "name", modified: "last_updated_timestamp" };

/** "modified-" in the address → the column and its direction; the name upwards where nothing is said. */
export function sortOf(text: string): Sort {
  const key = text.replace(/-$/, "");
  if (!Object.hasOwn(columns, key)) return { key: "name", direction: "ascending" };
  return { key, direction: text.endsWith("-") ? "descending" : "ascending" };
}

export const sortText = (sort: Sort): string => (sort.direction === "descending" ? `${sort.key}-` : sort.key);

/** The order as the server's order_by has it. */
export const orderOf = (sort: Sort): string => `${columns[sort.key] ?? "name"}${sort.direction === "descending" ? " DESC" : ""}`;

/** A text as it was a moment ago: what is typed is not asked for letter by letter. */
export function useSettled(text: string, milliseconds = 250): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), milliseconds);
    return () => clearTimeout(timer);
  }, [text, milliseconds]);
  return settled;
}
