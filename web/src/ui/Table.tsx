import { useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { announce } from "./announce";
import styles from "./Table.module.css";
import { classes } from "./classes";

export interface Sort {
  key: string;
  direction: "ascending" | "descending";
}

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Can be sorted by; the screen sorts (or asks the server to) in onSort. */
  sortable?: boolean;
  /** Numbers and row actions stand at the end. */
  align?: "start" | "end";
  width?: string;
  /** Left out below 768 px; only for what is told elsewhere too. */
  hideNarrow?: boolean;
  /** The title is for screen readers only, e.g. above a column of menus. */
  hideTitle?: boolean;
}

export interface TableProps<T> {
  /** Names the table for screen readers. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  /** Shown instead of rows. */
  empty?: ReactNode;
  /** The row that a drawer beside the table shows. */
  current?: string | undefined;
}

/** An ordinary table: real headers, the first column names the row, sortable headers are buttons. Scrolls sideways where it is narrow. */
export function Table<T>({ label, columns, rows, rowKey, sort, onSort, empty, current }: TableProps<T>) {
  const [scroll, overflows] = useOverflow();
  return (
    <div
      ref={scroll}
      className={styles.scroll}
      {...(overflows ? { role: "region", "aria-label": `${label}, scrolls sideways`, tabIndex: 0 } : {})}
    >
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-current={current === rowKey(row)}>
              {columns.map((column, index) => cellOf(column, row, index === 0))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <div className={styles.empty}>{empty ?? "Nothing here."}</div> : null}
    </div>
  );
}

function cellOf<T>(column: Column<T>, row: T, first: boolean) {
  const look = classes(column.align === "end" && styles.end, column.hideNarrow && styles.hideNarrow);
  if (first) {
    return (
      <th key={column.key} scope="row" className={look}>
        {column.cell(row)}
      </th>
    );
  }
  return (
    <td key={column.key} className={look}>
      {column.cell(row)}
    </td>
  );
}

interface HeadProps<T> {
  column: Column<T>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}

function Head<T>({ column, sort, onSort }: HeadProps<T>) {
  const look = classes(column.align === "end" && styles.end, column.hideNarrow && styles.hideNarrow);
  const direction = sort?.key === column.key ? sort.direction : undefined;
  if (!column.sortable || !onSort) {
    return (
      <th scope="col" className={look} style={column.width ? { width: column.width } : undefined}>
        {column.hideTitle ? <span className="visually-hidden">{column.title}</span> : column.title}
      </th>
    );
  }
  const press = () => {
    const next: Sort = { key: column.key, direction: direction === "ascending" ? "descending" : "ascending" };
    onSort(next);
    announce(`Sorted by ${column.title}, ${next.direction}.`);
  };
  return (
    <th scope="col" className={look} aria-sort={direction ?? "none"} style={column.width ? { width: column.width } : undefined}>
      <button type="button" className={styles.sort} onClick={press}>
        {column.title}
        <SortMark direction={direction} />
      </button>
    </th>
  );
}

function SortMark({ direction }: { direction: Sort["direction"] | undefined }) {
  if (direction === "ascending") return <ArrowUp aria-hidden="true" />;
  if (direction === "descending") return <ArrowDown aria-hidden="true" />;
  return <ChevronsUpDown className={styles.unsorted} aria-hidden="true" />;
}

/** Says whether an element's content is wider than the element, so that it can be made reachable by keyboard just then. */
export function useOverflow() {
  const ref = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setOverflows(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return [ref, overflows] as const;
}

/** Sorts rows by a value of each; numbers by size, texts by the language's order, absent ones last. */
export function sorted<T>(rows: readonly T[], sort: Sort | undefined, value: (row: T, key: string) => string | number | undefined): T[] {
  if (!sort) return [...rows];
  const sign = sort.direction === "ascending" ? 1 : -1;
  return [...rows].sort((a, b) => compare(value(a, sort.key), value(b, sort.key), sign));
}

function compare(a: string | number | undefined, b: string | number | undefined, sign: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true, sensitivity: "base" });
}
