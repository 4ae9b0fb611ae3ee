/** Finds what is near the pointer without looking at every point. */
import type { Line } from "./series";

export interface Near {
  line: Line;
  x: number;
  y: number;
}

/** The place in ascending numbers that is nearest to one; -1 in an empty list. */
export function nearestPlace(list: Float64Array, to: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < to) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && Math.abs((list[low - 1] ?? 0) - to) <= Math.abs((list[low] ?? 0) - to)) low -= 1;
  return list.length === 0 ? -1 : low;
}

/** The lines whose points at x are nearest to y, at most `most` of them, from the highest to the lowest. */
export function nearest(lines: readonly Line[], x: number, y: number, most: number): Near[] {
  const found = lines.flatMap((line) => {
    const place = nearestPlace(line.x, x);
    const value = line.y[place] ?? NaN;
    return Number.isNaN(value) ? [] : [{ line, x: line.x[place] ?? NaN, y: value }];
  });
  found.sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y));
  return found.slice(0, most).sort((a, b) => b.y - a.y);
}
