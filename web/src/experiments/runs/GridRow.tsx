import { memo } from "react";
import { Ban, Check, CircleCheck, CircleX, Clock3, LoaderCircle, type LucideIcon } from "lucide-react";
import { classes } from "../../ui";
import { cellText, statusText } from "./cells";
import { nameColumn, type RunColumn } from "./columns";
import type { RunFeed } from "./feed";
import styles from "./RunsGrid.module.css";

/** The columns in sight, and the room that those before them take. */
export interface Slice {
  columns: readonly RunColumn[];
  /** The number of the first of them among all shown. */
  from: number;
  before: number;
}

export interface GridRowProps {
  feed: RunFeed;
  experiment: string;
  index: number;
  slice: Slice;
  chosen: boolean;
  /** The column of the cell that has the focus, if it is in this row. */
  activeCol: number | undefined;
  gridId: string;
}

const statusIcons: Record<string, [LucideIcon, string]> = {
  FINISHED: [CircleCheck, "good"],
  FAILED: [CircleX, "bad"],
  KILLED: [Ban, "quiet"],
  RUNNING: [LoaderCircle, "busy"],
  SCHEDULED: [Clock3, "quiet"],
};

export const cellId = (gridId: string, row: number, col: number) => `${gridId}-${row}-${col}`;

/** A run. What it says never changes, so it renders anew only when other columns, the choice or the focus come to it. */
export const GridRow = memo(function GridRow({ feed, experiment, index, slice, chosen, activeCol, gridId }: GridRowProps) {
  const place = feed.at(index);
  if (!place) return null;
  const name = cellText(nameColumn, place);
  const id = place.page.ids[place.row] ?? "";
  // Only the cell with the focus is named, and so has an ID.
  const idOf = (col: number) => (activeCol === col ? cellId(gridId, index, col) : undefined);
  const look = (col: number, more?: string) => classes(styles.cell, more, activeCol === col && styles.active);
  return (
    <div role="row" aria-rowindex={index + 2} aria-selected={chosen} className={classes(styles.row, chosen && styles.chosen)} data-row={index}>
      <div role="gridcell" aria-colindex={1} id={idOf(0)} data-col={0} className={look(0, styles.pick)} aria-label={`Choose ${name.text}`}>
        <span className={styles.box} aria-hidden="true">
          {chosen ? <Check /> : null}
        </span>
      </div>
      <div role="rowheader" aria-colindex={2} id={idOf(1)} data-col={1} className={look(1, styles.name)} title={name.title}>
        <StatusIcon status={place.page.statuses[place.row]} />
        {/* A plain link: the router's own would render anew in every row whenever the address changes. */}
        <a href={`#/experiments/${experiment}/runs/${id}`} tabIndex={-1}>
          {name.text}
        </a>
      </div>
      <span className={styles.gap} style={{ width: slice.before }} />
      {slice.columns.map((column, i) => {
        const { text, title } = cellText(column, place);
        const col = slice.from + i + 2;
        return (
          <div
            key={column.key}
            role="gridcell"
            aria-colindex={col + 1}
            id={idOf(col)}
            data-col={col}
            className={look(col, column.end ? styles.end : undefined)}
            style={{ width: column.width }}
            title={title}
          >
            {text}
          </div>
        );
      })}
    </div>
  );
});

function StatusIcon({ status }: { status: string | undefined }) {
  const [Icon, tone] = statusIcons[status ?? ""] ?? [Clock3, "quiet"];
  return (
    <>
      <Icon size={14} className={styles[tone]} aria-hidden="true" />
      <span className="visually-hidden">{statusText(status)} </span>
    </>
  );
}
