import { useLayoutEffect, useState, type RefObject } from "react";

/** Which columns are in sight, from `first` up to `last`, that one left out, and how wide the grid is. */
export interface ColumnRange {
  first: number;
  last: number;
  width: number;
  /** The grid is scrolled sideways, or about to be. */
  shifted: boolean;
}

/** How far beyond the edge columns are made, so that slow scrolling shows no gaps. */
const beyond = 240;

/** Finds the columns between two distances; `edges` are where each begins, and where the last one ends. */
export function rangeOf(edges: readonly number[], from: number, to: number): { first: number; last: number } {
  const count = edges.length - 1;
  let first = 0;
  while (first < count && (edges[first + 1] ?? 0) <= from) first += 1;
  let last = first;
  while (last < count && (edges[last] ?? 0) < to) last += 1;
  return { first, last };
}

/** Follows sideways scrolling; answers anew only when other columns come into sight. */
export function useColumnRange(scroller: RefObject<HTMLElement | null>, edges: readonly number[]): ColumnRange {
  const [seen, setSeen] = useState({ left: 0, width: 1200, shifted: false });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => {
      // In steps, so that not every pixel renders.
      const left = Math.floor(element.scrollLeft / 60) * 60;
      const next = { left, width: element.clientWidth, shifted: element.scrollLeft > 0 };
      setSeen((old) => (old.left === left && old.width === next.width && old.shifted === next.shifted ? old : next));
    };
    // The wheel tells before the grid moves.
    const wheel = (event: WheelEvent) => {
      if (event.deltaX !== 0 || event.shiftKey) setSeen((old) => (old.shifted ? old : { ...old, shifted: true }));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    element.addEventListener("wheel", wheel, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
      element.removeEventListener("wheel", wheel);
    };
  }, [scroller]);
  return { ...rangeOf(edges, seen.left - beyond, seen.left + seen.width + beyond), width: seen.width, shifted: seen.shifted };
}
