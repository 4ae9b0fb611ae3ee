/** Which runs are chosen: for comparing, deleting and restoring. */
import { useState } from "react";

export interface Chosen {
  ids: ReadonlySet<string>;
  /** The row that was pressed last: a press with Shift chooses all from there. */
  anchor: number | undefined;
}

export const noneChosen: Chosen = { ids: new Set(), anchor: undefined };

/** Turns one row round, or, with `range`, gives all rows from the anchor the state that the pressed one gets. */
export function chosenAfter(old: Chosen, index: number, range: boolean, idAt: (index: number) => string | undefined): Chosen {
  const pressed = idAt(index);
  if (pressed === undefined) return old;
  const ids = new Set(old.ids);
  const on = !ids.has(pressed);
  const from = range && old.anchor !== undefined ? Math.min(old.anchor, index) : index;
  const to = range && old.anchor !== undefined ? Math.max(old.anchor, index) : index;
  for (let i = from; i <= to; i += 1) {
    const id = idAt(i);
    if (id === undefined) continue;
    if (on) ids.add(id);
    else ids.delete(id);
  }
  return { ids, anchor: index };
}

export interface Selection {
  chosen: Chosen;
  toggle: (index: number, range: boolean) => void;
  all: (count: number) => void;
  clear: () => void;
}

/** Keeps what is chosen. */
export function useSelection(idAt: (index: number) => string | undefined): Selection {
  const [chosen, setChosen] = useState<Chosen>(noneChosen);
  return {
    chosen,
    toggle: (index, range) => setChosen((old) => chosenAfter(old, index, range, idAt)),
    all: (count) =>
      setChosen((old) => {
        const ids = new Set(old.ids);
        for (let i = 0; i < count; i += 1) {
          const id = idAt(i);
          if (id !== undefined) ids.add(id);
        }
        return { ids, anchor: undefined };
      }),
    clear: () => setChosen(noneChosen),
  };
}
