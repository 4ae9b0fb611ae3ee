import { allDestinations } from "./nav";

/** What a sequence of keys asks for. */
export type Command = { open: "palette" } | { open: "shortcuts" } | { go: string };

/** Where the reading of keys stands: after g, for a second. */
export interface KeyState {
  pending: "g" | undefined;
  at: number;
}

export interface Key {
  key: string;
  modified: boolean;
  at: number;
}

const wait = 1200;
const byKey = new Map(allDestinations.filter((d) => d.key !== undefined).map((d) => [d.key, d.to]));

/** Reads one key: `/` and `?` open, g and a letter go. Keys with Ctrl, Alt or Command are never ours. */
export function readKey(state: KeyState, key: Key): { state: KeyState; command: Command | undefined } {
  const none = { state: { pending: undefined, at: 0 }, command: undefined };
  if (key.modified) return none;
  if (state.pending === "g" && key.at - state.at < wait) {
    const to = byKey.get(key.key);
    return to === undefined ? none : { ...none, command: { go: to } };
  }
  if (key.key === "g") return { state: { pending: "g", at: key.at }, command: undefined };
  if (key.key === "/") return { ...none, command: { open: "palette" } };
  if (key.key === "?") return { ...none, command: { open: "shortcuts" } };
  return none;
}
