import { useSyncExternalStore } from "react";

/** What a person has set for this browser. Kept in its storage; where that is closed, until the page is left. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  shortcuts: boolean;
  sidebar: "open" | "narrow";
}

const names: { [K in keyof Preferences]: string } = {
  theme: "bailiwick.theme",
  shortcuts: "bailiwick.shortcuts",
  sidebar: "bailiwick.sidebar",
};

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function load(): Preferences {
  const theme = stored(names.theme);
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    shortcuts: stored(names.shortcuts) !== "off",
    sidebar: stored(names.sidebar) === "narrow" ? "narrow" : "open",
  };
}

let current = load();
const watchers = new Set<() => void>();

function watch(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Reads the preferences and follows them. */
export const usePreferences = (): Preferences => useSyncExternalStore(watch, () => current);

const textOf = (value: string | boolean) => (typeof value === "boolean" ? (value ? "on" : "off") : value);

/** Changes one of them, here and in the storage. */
export function prefer<K extends keyof Preferences>(name: K, value: Preferences[K]) {
  current = { ...current, [name]: value };
  try {
    localStorage.setItem(names[name], textOf(value));
  } catch {
    // closed storage: it holds until the page is left
  }
  if (current.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = current.theme;
  for (const each of watchers) each();
}
