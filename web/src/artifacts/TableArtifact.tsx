import { useMemo } from "react";
import { readTable } from "./csv";
import { DataGrid } from "./DataGrid";

/** A CSV or TSV file. */
export function TableArtifact({ text, path, cut }: { text: string; path: string; cut: boolean }) {
  const data = useMemo(() => {
    const read = readTable(text, path);
    return cut ? { ...read, cut: true } : read;
  }, [text, path, cut]);
  if (data.head.length === 0) return <p className="muted">The file is empty.</p>;
  return <DataGrid data={data} label={path} />;
}
