import { describe, expect, test } from "vitest";
import { Slots } from "./slots";

/** The elements of rows, from the first to the last one in sight. */
function shown(slots: Slots, first: number, last: number, count = 5): number[] {
  slots.show(first, last);
  return Array.from({ length: last - first + 1 }, (_, i) => slots.of(first + i, count));
}

describe("elements of rows", () => {
  test("those that stay in sight keep theirs, and each row has its own", () => {
    const slots = new Slots();
    expect(shown(slots, 0, 4)).toEqual([0, 1, 2, 3, 4]);
    expect(shown(slots, 2, 6)).toEqual([2, 3, 4, 0, 1]);
    expect(shown(slots, 1, 5)).toEqual([1, 2, 3, 4, 0]);
    expect(shown(slots, 1, 5)).toEqual([1, 2, 3, 4, 0]);
  });

  test("after a jump none moves among the others", () => {
    const slots = new Slots();
    const before = [shown(slots, 0, 4), shown(slots, 2, 6)][1];
    expect(shown(slots, 100, 104)).toEqual(before);
    expect(shown(slots, 7, 11)).toEqual(before);
    expect(shown(slots, 0, 2)).toEqual(before?.slice(0, 3));
  });

  test("nothing in sight, then something", () => {
    const slots = new Slots();
    expect(shown(slots, 0, -1)).toEqual([]);
    expect(shown(slots, 3, 4)).toEqual([0, 1]);
  });
});
