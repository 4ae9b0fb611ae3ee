import { useState, type KeyboardEvent, type MouseEvent } from "react";
import { moved, type Bounds, type Cell } from "./moves";

export interface GridActs {
  bounds: () => Bounds;
  /** Brings a cell into sight. */
  show: (cell: Cell) => void;
  /** Enter, or a press on the head. */
  act: (cell: Cell) => void;
  /** Space, or a press on the box. */
  choose: (cell: Cell, range: boolean) => void;
  chooseAll: () => void;
  /** The focus came to the last loaded row. */
  atEnd: () => void;
}

export interface GridFocus {
  active: Cell | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  onClick: (event: MouseEvent) => void;
  onFocus: () => void;
}

/** The cell of a mouse event. */
function cellOf(target: EventTarget): Cell | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>("[data-col]") : null;
  const row = cell?.closest<HTMLElement>("[data-row]");
  if (!cell || !row) return undefined;
  return { row: Number(row.dataset.row), col: Number(cell.dataset.col) };
}

/**
 * Moves the focus about in a grid that makes only the cells in sight. The grid itself keeps the browser's focus and names the active cell
 * (aria-activedescendant), so that a cell may go out of sight without the focus being lost.
 */
export function useGridFocus(acts: GridActs): GridFocus {
  const [active, setActive] = useState<Cell>();
  const go = (cell: Cell) => {
    setActive(cell);
    acts.show(cell);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = active ?? { row: 0, col: 1 };
    const ctrl = event.ctrlKey || event.metaKey;
    const bounds = acts.bounds();
    const next = event.altKey ? undefined : moved(event.key, at, bounds, ctrl);
    if (next) go(next);
    else if (event.key === " ") acts.choose(at, event.shiftKey);
    else if (event.key === "Enter") acts.act(at);
    else if (event.key === "a" && ctrl) acts.chooseAll();
    else return;
    event.preventDefault();
    if (next && next.row !== at.row && next.row === bounds.rows - 1) acts.atEnd();
  };
  const onClick = (event: MouseEvent) => {
    const cell = cellOf(event.target);
    if (!cell) return;
    setActive(cell);
    const link = event.target instanceof Element && event.target.closest("a");
    if (cell.col === 0) acts.choose(cell, event.shiftKey);
    else if (cell.row < 0) acts.act(cell);
    else if (!link && event.shiftKey) acts.choose(cell, true);
  };
  return { active, onKeyDown, onClick, onFocus: () => setActive((old) => old ?? { row: 0, col: 1 }) };
}
