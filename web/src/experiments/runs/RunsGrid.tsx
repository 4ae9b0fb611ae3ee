import { useEffect, useId, useMemo, useRef, useState, type RefObject } from "react";
import { useNavigate } from "react-router";
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { classes, type Sort } from "../../ui";
import { edgesOf, nameColumn, type RunColumn } from "./columns";
import type { FeedState, RunFeed } from "./feed";
import { GridHead } from "./GridHead";
import { cellId, GridRow, type Slice } from "./GridRow";
import type { Cell } from "./moves";
import styles from "./RunsGrid.module.css";
import type { Selection } from "./selection";
import { Slots } from "./slots";
import { useColumnRange } from "./useColumnRange";
import { useGridFocus, type GridActs } from "./useGridFocus";

export interface RunsGridProps {
  experiment: string;
  feed: RunFeed;
  state: FeedState;
  columns: readonly RunColumn[];
  sort: Sort | undefined;
  /** A head was pressed; columns that cannot be sorted by do not come here. */
  onSort: (key: string) => void;
  selection: Selection;
  /** The rows are of an older search. */
  stale: boolean;
}

/** Heights in CSS pixels; RunsGrid.module.css has them too. */
const rowHeight = 34;
const headHeight = 46;
/** Rows that are made beyond the edges. */
const overscan = 6;
/** What End at the last loaded row asks for. */
const jump = 10_000;
/** Rows are asked for when so few are left below. */
const ahead = 300;

/** The runs of a search: rows and columns are made only while in sight, and pages come as rows are scrolled to. */
export function RunsGrid({ experiment, feed, state, columns, sort, onSort, selection, stale }: RunsGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const gridId = useId();
  const navigate = useNavigate();
  const edges = useMemo(() => edgesOf(columns), [columns]);
  const range = useColumnRange(scroller, edges);
  const slice = useMemo<Slice>(
    () => ({ columns: columns.slice(range.first, range.last), from: range.first, before: edges[range.first] ?? 0 }),
    [columns, edges, range.first, range.last],
  );
  const rows = useRows(scroller, state.loaded);
  const items = rows.getVirtualItems();
  const [slots] = useState(() => new Slots());
  slots.show(items[0]?.index ?? 0, items.at(-1)?.index ?? -1);
  const pool = Math.ceil((rows.scrollRect?.height ?? 600) / rowHeight) + 1 + 2 * overscan;
  const nameWidth = range.width < 640 ? 150 : nameColumn.width;
  useMoreRows(feed, state, items.at(-1)?.index ?? 0);
  const acts: GridActs = {
    bounds: () => ({ rows: state.loaded, cols: columns.length + 2, page: Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2) }),
    show: (cell) => {
      if (cell.row >= 0) rows.scrollToIndex(cell.row, { align: "auto" });
      showColumn(scroller.current, edges, cell.col, nameWidth);
    },
    act: (cell) => act(cell),
    choose: (cell, isRange) => (cell.row < 0 ? chooseAll() : selection.toggle(cell.row, isRange)),
    chooseAll: () => chooseAll(),
    atEnd: () => feed.want(state.loaded + jump),
  };
  const allChosen = state.loaded > 0 && selection.chosen.ids.size >= state.loaded;
  const chooseAll = () => (allChosen ? selection.clear() : selection.all(state.loaded));
  const act = ({ row, col }: Cell) => {
    if (row >= 0) return void navigate(`/experiments/${experiment}/runs/${feed.id(row) ?? ""}`);
    if (col === 0) return chooseAll();
    const column = col === 1 ? nameColumn : columns[col - 2];
    if (column?.order) onSort(column.key);
  };
  const { active, ...events } = useGridFocus(acts);
  return (
    // The grid itself takes the focus and all presses; its cells are named by aria-activedescendant.
    <div
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label="Runs"
      aria-rowcount={state.done ? state.loaded + 1 : -1}
      aria-colcount={columns.length + 2}
      aria-multiselectable="true"
      aria-busy={stale}
      aria-activedescendant={active ? cellId(gridId, active.row, active.col) : undefined}
      className={classes(styles.grid, stale && styles.stale, range.shifted && styles.shifted)}
      {...events}
    >
      <div className={styles.sheet} style={{ width: (edges.at(-1) ?? 0) + 40 + nameWidth, "--name": `${nameWidth}px` } as React.CSSProperties}>
        <GridHead slice={slice} sort={sort} allChosen={allChosen} activeCol={active?.row === -1 ? active.col : undefined} gridId={gridId} />
        {/* Rows out of sight above are room within. */}
        <div role="rowgroup" className={styles.body} style={{ height: rows.getTotalSize(), paddingTop: (items[0]?.start ?? headHeight) - headHeight }}>
          {items.map(({ index }) => (
            <GridRow
              key={slots.of(index, pool)}
              feed={feed}
              experiment={experiment}
              index={index}
              slice={slice}
              chosen={selection.chosen.ids.has(feed.id(index) ?? "")}
              activeCol={active?.row === index ? active.col : undefined}
              gridId={gridId}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function useRows(scroller: RefObject<HTMLDivElement | null>, count: number): Virtualizer<HTMLDivElement, Element> {
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler is not used here; its functions go to no memoised component
  return useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
}

/** Asks for the next page when the last rows come near. */
function useMoreRows(feed: RunFeed, state: FeedState, last: number) {
  const near = last > state.loaded - ahead;
  useEffect(() => {
    if (near && !state.done && !state.error) feed.want(state.loaded + 1);
  }, [near, feed, state.loaded, state.done, state.error]);
}

/** Scrolls sideways as little as needed; the first two columns are always in sight. */
function showColumn(element: HTMLElement | null, edges: readonly number[], col: number, nameWidth: number) {
  if (!element || col < 2) return;
  const left = edges[col - 2] ?? 0;
  const right = edges[col - 1] ?? left;
  const room = element.clientWidth - nameWidth - 40;
  if (left < element.scrollLeft) element.scrollLeft = left;
  else if (right > element.scrollLeft + room) element.scrollLeft = right - room;
}
