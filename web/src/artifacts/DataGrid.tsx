import { useMemo } from "react";
import { classes, countText } from "../ui";
import styles from "./Artifacts.module.css";
import { numberColumns, type TableData } from "./table";

/** Cells are cut: a single one may hold a book. */
const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** The rows of a file. */
export function DataGrid({ data, label }: { data: TableData; label: string }) {
  const digits = useMemo(() => numberColumns(data), [data]);
  return (
    <div className="stack">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a block that scrolls must be reachable by keyboard */}
      <div className={styles.grid} role="region" aria-label={`Table ${label}`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col" className={styles.place}>
                <span className="visually-hidden">Row</span>
              </th>
              {data.head.map((title, i) => (
                <th key={i} scope="col" className={digits[i] ? styles.digits : undefined}>
                  {cut(title)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((row, y) => (
              <tr key={y}>
                <th scope="row" className={styles.place}>
                  {y + 1}
                </th>
                {data.head.map((_, x) => (
                  <td key={x} className={classes(digits[x] && styles.digits)} title={(row[x]?.length ?? 0) > 40 ? row[x]?.slice(0, 1000) : undefined}>
                    {cut(row[x] ?? "")}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="faint small">
        {data.cut ? `The first ${countText(data.rows.length)} rows` : `${countText(data.rows.length)} rows`}, {countText(data.head.length)} columns
      </p>
    </div>
  );
}
