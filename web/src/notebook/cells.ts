/** A notebook as the server reads it: nothing in it has run here, and nothing of it runs in the page. */

export interface Output {
  kind: "text" | "error" | "html" | "image" | "json" | "table";
  mime: string;
  text: string;
  plain?: string;
  stream?: "stdout" | "stderr";
  truncated?: boolean;
}

export interface Cell {
  kind: "code" | "markdown" | "raw" | "magic";
  language?: string;
  source: string;
  title?: string;
  execution_count?: number;
  outputs?: Output[];
  truncated?: boolean;
}

export interface NotebookCells {
  path: string;
  language: string;
  format: "SOURCE" | "JUPYTER" | "RAW";
  modified_at: number;
  cells: Cell[];
  truncated?: boolean;
}

export interface OutputTable {
  columns: string[];
  rows: string[][];
  more?: boolean | number;
}

/** The table of an output; undefined where the text is none. */
export function tableOf(text: string): OutputTable | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { columns, rows, more } = value as Partial<OutputTable>;
    if (!Array.isArray(columns) || !Array.isArray(rows)) return undefined;
    return { columns: columns.map(String), rows: rows.map((row) => (Array.isArray(row) ? row.map(String) : [])), ...(more === undefined ? {} : { more }) };
  } catch {
    return undefined;
  }
}

/** The colours that terminals read in tracebacks are taken out. */
export function withoutEscapes(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}

/** The address of an image in an output: data only, so that nothing is asked of anybody; SVG as an image runs nothing. */
export function imageAddress(output: Output): string | undefined {
  if (output.mime === "image/svg+xml") return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(output.text)}`;
  if (!/^image\/(png|jpeg|gif|webp)$/.test(output.mime)) return undefined;
  const bytes = output.text.replace(/\s+/g, "");
  return /^[A-Za-z0-9+/]*={0,2}$/.test(bytes) ? `data:${output.mime};base64,${bytes}` : undefined;
}

/** The height of an HTML result, which cannot tell it itself: about that of its text, within bounds. Whoever needs more pulls its corner. */
export function frameHeight(output: Output): string {
  const lines = (output.plain ?? "").split("\n").length;
  return output.plain ? `${String(Math.min(Math.max(lines * 2 + 3, 7), 28))}rem` : "20rem";
}

/** Where the server gives an HTML result by itself, under a policy that lets nothing run. */
export const outputAddress = (notebook: string, cell: number, output: number) =>
  `/api/governance/1.0/notebooks/${encodeURIComponent(notebook)}/cells/${String(cell)}/outputs/${String(output)}`;
