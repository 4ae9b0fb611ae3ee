import type { ReactNode } from "react";
import { Cell, Column as AriaColumn, Row, Table as AriaTable, TableBody, TableHeader } from "react-aria-components/Table";
import type { Selection } from "react-aria-components/Table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { Checkbox } from "./Fields";
import type { Column, Sort } from "./Table";
import styles from "./Table.module.css";
import { classes } from "./classes";

export interface GridTableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Words of a row for type-ahead. */
  rowText: (row: T) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** Chosen rows: with it, each row has a box. */
  selected?: Selection;
  onSelect?: (keys: Selection) => void;
  /** Enter or a double press on a row. */
  onAction?: (key: string) => void;
  empty?: ReactNode;
}

/** A table to move about in by arrow keys and choose rows of, for work on many objects at once. Ordinary lists use Table. */
export function GridTable<T extends object>(props: GridTableProps<T>) {
  const { label, columns, rows, rowKey, rowText, sort, onSort, selected, onSelect, onAction, empty } = props;
  const chooses = selected !== undefined;
  return (
    <div className={styles.scroll}>
      <AriaTable
        aria-label={label}
        className={styles.table ?? ""}
        selectionMode={chooses ? "multiple" : "none"}
        {...(selected === undefined ? {} : { selectedKeys: selected })}
        {...(onSelect ? { onSelectionChange: onSelect } : {})}
        {...(sort ? { sortDescriptor: { column: sort.key, direction: sort.direction } } : {})}
        {...(onSort ? { onSortChange: (s) => onSort({ key: String(s.column), direction: s.direction }) } : {})}
        {...(onAction ? { onRowAction: (key) => onAction(String(key)) } : {})}
      >
        <TableHeader>
          {chooses ? (
            <AriaColumn className={styles.head ?? ""} width={36}>
              <Checkbox slot="selection" aria-label="Choose all" />
            </AriaColumn>
          ) : null}
          {columns.map((column, index) => (
            <GridColumn key={column.key} column={column} first={index === 0} />
          ))}
        </TableHeader>
        <TableBody renderEmptyState={() => <div className={styles.empty}>{empty ?? "Nothing here."}</div>}>
          {rows.map((row) => (
            <Row key={rowKey(row)} id={rowKey(row)} textValue={rowText(row)} className={styles.row ?? ""}>
              {chooses ? (
                <Cell className={styles.cell ?? ""}>
                  <Checkbox slot="selection" aria-label={`Choose ${rowText(row)}`} />
                </Cell>
              ) : null}
              {columns.map((column) => (
                <Cell key={column.key} className={classes(styles.cell, lookOf(column))}>
                  {column.cell(row)}
                </Cell>
              ))}
            </Row>
          ))}
        </TableBody>
      </AriaTable>
    </div>
  );
}

function lookOf<T>(column: Column<T>) {
  return classes(column.align === "end" && styles.end, column.hideNarrow && styles.hideNarrow);
}

function GridColumn<T>({ column, first }: { column: Column<T>; first: boolean }) {
  return (
    <AriaColumn id={column.key} isRowHeader={first} allowsSorting={column.sortable ?? false} className={classes(styles.head, lookOf(column))}>
      {({ sortDirection, allowsSorting }) => (
        <span className={allowsSorting ? styles.sort : undefined}>
          {column.hideTitle ? <span className="visually-hidden">{column.title}</span> : column.title}
          {sortDirection === "ascending" ? <ArrowUp aria-hidden="true" /> : sortDirection === "descending" ? <ArrowDown aria-hidden="true" /> : null}
        </span>
      )}
    </AriaColumn>
  );
}
