/** Tables out of files. */

export interface TableData {
  head: string[];
  rows: string[][];
  /** There are more rows than were read. */
  cut: boolean;
}

/** The most rows and columns of a table that are shown. */
export const mostRows = 1000;
export const mostColumns = 500;

/** Reads what log_table writes, {"columns": […], "data": [[…]]}; undefined for all other JSON. */
export function mlflowTable(value: unknown): TableData | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return undefined;
  const rows = data.slice(0, mostRows).map((row: unknown[]) => row.slice(0, mostColumns).map(cellOf));
  return { head: columns.slice(0, mostColumns).map(cellOf), rows, cut: data.length > mostRows };
}

const cellOf = (value: unknown): string => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value));

/** Which columns hold numbers only, so that they stand at the end. */
export function numberColumns({ head, rows }: TableData): boolean[] {
  return head.map((_, i) => {
    const filled = rows.map((row) => row[i] ?? "").filter((cell) => cell.trim() !== "");
    return filled.length > 0 && filled.every((cell) => Number.isFinite(Number(cell)) || /^-?(nan|inf(inity)?)$/i.test(cell.trim()));
  });
}
