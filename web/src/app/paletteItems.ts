import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { get } from "../api/client";
import type { Viewed } from "../api/types";
import { kindWords, placeOf } from "../ui";
import { allDestinations, type Destination } from "./nav";

/** A line of the palette. */
export interface PaletteItem {
  id: string;
  group: string;
  text: string;
  where: string | undefined;
  kind: string | undefined;
  icon: Destination["icon"] | undefined;
  /** A page of the console, or what to do. */
  to: string | undefined;
  act: (() => void) | undefined;
}

export interface Found extends Viewed {
  where?: string;
}

/** The value, when it has not changed for so long. */
export function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

/** Asks the server for what the text may mean. */
export function useFound(text: string) {
  const q = useSettled(text.trim(), 150);
  return useQuery({
    queryKey: ["/search", { q, max_results: 24 }],
    queryFn: ({ signal }) => get<{ results: Found[] }>("/search", { q, max_results: 24 }, { signal }),
    enabled: q !== "",
    placeholderData: (before) => before,
    staleTime: 10_000,
  });
}

/** Pages and actions whose words begin with what was typed. */
export function matches(text: string, words: string): boolean {
  const parts = words.toLowerCase().split(/\s+/);
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((t) => t !== "")
    .every((typed) => parts.some((part) => part.startsWith(typed)));
}

export function pageItems(text: string): PaletteItem[] {
  return allDestinations
    .filter((d) => matches(text, `${d.text} ${d.words ?? ""}`))
    .map((d) => ({ id: `page ${d.to}`, group: "Pages", text: d.text, where: undefined, kind: undefined, icon: d.icon, to: d.to, act: undefined }));
}

const plurals: Record<string, string> = {
  directory: "Folders",
  notebook: "Notebooks",
  file: "Files",
  experiment: "Experiments",
  run: "Runs",
  "registered-model": "Registered models",
  user: "Users",
  group: "Groups",
  "service-principal": "Service principals",
};

/** What the server found, grouped by kind in the order in which the best of each kind came. */
export function foundItems(found: readonly Found[]): PaletteItem[] {
  const items = found.map(foundItem);
  const groups = [...new Set(items.map((i) => i.group))];
  return groups.flatMap((group) => items.filter((i) => i.group === group));
}

function foundItem(found: Found): PaletteItem {
  const group = plurals[found.kind] ?? kindWords(found.kind);
  return { id: found.object, group, text: found.name, where: found.where ?? found.path, kind: found.kind, icon: undefined, to: addressOf(found), act: undefined };
}

/** Where a found thing is shown: people at who-can, runs by their id. */
export function addressOf(found: Found): string | undefined {
  if (found.object.startsWith("principals/")) return `/access?principal=${encodeURIComponent(found.name)}`;
  if (found.kind === "run") return `/runs/${found.id}`;
  return placeOf(found);
}
