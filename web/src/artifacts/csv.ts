import Papa from "papaparse";
import { mostColumns, mostRows, type TableData } from "./table";

/** Reads the beginning of a CSV or TSV text; its first line is the head. */
export function readTable(text: string, path: string): TableData {
  const delimiter = path.toLowerCase().endsWith(".tsv") ? "\t" : "";
  const parsed = Papa.parse<string[]>(text, { delimiter, preview: mostRows + 2, skipEmptyLines: "greedy" });
  const lines = parsed.data.map((line) => line.slice(0, mostColumns));
  const rows = lines.slice(1, mostRows + 1);
  return { head: lines[0] ?? [], rows, cut: lines.length > mostRows + 1 };
}
