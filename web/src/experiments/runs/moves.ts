/** How keys move the cell that has the focus in a grid whose rows are partly loaded. */

/** Row -1 is the head; column 0 is the box that chooses, column 1 the run's name. */
export interface Cell {
  row: number;
  col: number;
}

export interface Bounds {
  rows: number;
  cols: number;
  /** How many rows a page has. */
  page: number;
}

/** The column in which Home and End go through the rows: the one that names them. */
export const nameCol = 1;

type Move = (cell: Cell, bounds: Bounds, ctrl: boolean) => Cell;

const toRow = (cell: Cell, row: number): Cell => ({ ...cell, row });

const moves: Record<string, Move> = {
  ArrowDown: (cell) => toRow(cell, cell.row + 1),
  ArrowUp: (cell) => toRow(cell, cell.row - 1),
  ArrowRight: (cell) => ({ ...cell, col: cell.col + 1 }),
  ArrowLeft: (cell) => ({ ...cell, col: cell.col - 1 }),
  PageDown: (cell, { page }) => toRow(cell, cell.row + page),
  PageUp: (cell, { page }) => toRow(cell, Math.max(0, cell.row - page)),
  Home: (cell, _, ctrl) => (ctrl || cell.col <= nameCol ? toRow(cell, 0) : { ...cell, col: nameCol }),
  End: (cell, { rows, cols }, ctrl) => (ctrl || cell.col <= nameCol ? toRow(cell, rows - 1) : { ...cell, col: cols - 1 }),
};

/** Where a key leads; undefined for a key that does not move. */
export function moved(key: string, cell: Cell, bounds: Bounds, ctrl = false): Cell | undefined {
  const next = moves[key]?.(cell, bounds, ctrl);
  if (!next) return undefined;
  return { row: Math.min(Math.max(next.row, -1), bounds.rows - 1), col: Math.min(Math.max(next.col, 0), bounds.cols - 1) };
}
