import { memo } from "react";
import { ArrowDown, ArrowUp } from "lucide-react";
import { classes, type Sort } from "../../ui";
import { groupTitles, nameColumn, type RunColumn } from "./columns";
import { cellId, type Slice } from "./GridRow";
import styles from "./RunsGrid.module.css";

export interface GridHeadProps {
  slice: Slice;
  sort: Sort | undefined;
  allChosen: boolean;
  activeCol: number | undefined;
  gridId: string;
}

/** The head of the runs table. Presses come to the grid, which sorts or chooses. */
export const GridHead = memo(function GridHead({ slice, sort, allChosen, activeCol, gridId }: GridHeadProps) {
  const active = (col: number) => activeCol === col;
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.headRow} data-row={-1}>
        <div
          role="columnheader"
          aria-colindex={1}
          id={cellId(gridId, -1, 0)}
          data-col={0}
          className={classes(styles.headCell, styles.pick, active(0) && styles.active)}
        >
          <span className="visually-hidden">{allChosen ? "Choose none of the loaded runs" : "Choose all loaded runs"}</span>
          <span className={classes(styles.box, allChosen && styles.boxOn)} aria-hidden="true" />
        </div>
        <HeadCell column={nameColumn} col={1} sort={sort} active={active(1)} gridId={gridId} />
        <span className={styles.gap} style={{ width: slice.before }} />
        {slice.columns.map((column, i) => (
          <HeadCell key={column.key} column={column} col={slice.from + i + 2} sort={sort} active={active(slice.from + i + 2)} gridId={gridId} />
        ))}
      </div>
    </div>
  );
});

interface HeadCellProps {
  column: RunColumn;
  col: number;
  sort: Sort | undefined;
  active: boolean;
  gridId: string;
}

function HeadCell({ column, col, sort, active, gridId }: HeadCellProps) {
  const direction = sort?.key === column.key ? sort.direction : undefined;
  const Arrow = direction === "ascending" ? ArrowUp : ArrowDown;
  const look = classes(styles.headCell, col === 1 && styles.name, column.end && styles.end, column.order && styles.sortable, active && styles.active);
  return (
    <div
      role="columnheader"
      aria-colindex={col + 1}
      aria-sort={column.order ? (direction ?? "none") : undefined}
      id={cellId(gridId, -1, col)}
      data-col={col}
      className={look}
      style={col === 1 ? undefined : { width: column.width }}
      title={column.order ? `Sort by ${column.title}` : column.title}
    >
      <span className={styles.group}>{column.group === "attributes" ? "" : groupTitles[column.group]}</span>
      <span className={styles.title}>
        <span className="clip">{column.title}</span>
        {direction ? <Arrow aria-hidden="true" /> : null}
      </span>
    </div>
  );
}
