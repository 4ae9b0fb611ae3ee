import { describe, expect, test } from "vitest";
import { historyOf, joined, merged, packHistory, unpackHistory, type Points } from "./history";
import { nearest, nearestPlace } from "./nearest";
import { chartText, lineOf, lookOf, smoothed, summaryOf, xText, type Line } from "./series";
import { widen } from "./useExtremes";
import { stepsShown } from "./useHistories";

const numbers = (...list: number[]) => Float64Array.from(list);
const points = (steps: number[], values: number[], times = steps.map((s) => 1000 * s)): Points => ({
  steps: numbers(...steps),
  times: numbers(...times),
  values: numbers(...values),
});
const wire = (run_id: string | undefined, step: number, value: number | "NaN", timestamp = step) => ({ key: "m", step, value, timestamp, ...(run_id ? { run_id } : {}) });

describe("histories", () => {
  test("by run, in the order of steps", () => {
    const history = historyOf({ metrics: [wire("a", 1, 1), wire("b", 5, "NaN"), wire("a", 0, 2, 9), wire("a", 1, 3, 0)] });
    expect([...history.keys()]).toEqual(["a", "b"]);
    expect(history.get("a")).toEqual({ steps: numbers(0, 1, 1), times: numbers(9, 0, 1), values: numbers(2, 3, 1) });
    expect(history.get("b")?.values[0]).toBeNaN();
    expect([...historyOf({ metrics: [wire(undefined, 1, 1)] }).keys()]).toEqual([""]);
    expect(historyOf({}).size).toBe(0);
  });

  test("packing and unpacking changes nothing", () => {
    const history = historyOf({ metrics: [wire("a", 1, 1), wire("b", 5, 2), wire("a", 2, 4)] });
    expect(unpackHistory(structuredClone(packHistory(history)))).toEqual(history);
    expect(unpackHistory(packHistory(new Map())).size).toBe(0);
  });

  test("joining", () => {
    const a = new Map([["a", points([1], [1])]]);
    const b = new Map([["b", points([1], [1])]]);
    expect([...joined([a, b]).keys()]).toEqual(["a", "b"]);
  });

  test.each([
    ["in the middle", [0, 10, 20, 30], [10, 12, 14], [0, 10, 12, 14, 20, 30]],
    ["at the end", [0, 10], [20, 30], [0, 10, 20, 30]],
    ["at the beginning", [20, 30], [0, 10], [0, 10, 20, 30]],
    ["over all", [1, 2], [0, 5], [0, 5]],
    ["nothing", [1, 2], [], [1, 2]],
  ])("finer points %s", (_, whole, part, want) => {
    expect([...merged(points(whole, whole), points(part, part)).steps]).toEqual(want);
  });
});

describe("the steps that are looked at", () => {
  const thinned = new Map([["a", points(Array.from({ length: 1000 }, (_, i) => i * 100), Array.from({ length: 1000 }, () => 1))]]);
  test.each([
    [thinned, 0, 1, undefined],
    [thinned, 0.25, 0.5, { from: 24975, to: 49950 }],
    [new Map([["a", points([0, 1], [1, 1])]]), 0.25, 0.5, undefined],
    // As many points as the server gives, but no step between them is left out.
    [new Map([["a", points(Array.from({ length: 1000 }, (_, i) => i), Array.from({ length: 1000 }, () => 1))]]), 0.25, 0.5, undefined],
    [new Map(), 0.25, 0.5, undefined],
  ])("%#", (history, from, to, want) => expect(stepsShown(history, from, to)).toEqual(want));
});

describe("lines", () => {
  const three = points([0, 1, 2], [4, NaN, -1], [5000, 3000, 9000]);
  test.each([
    ["step", false, [0, 1, 2], [4, NaN, -1]],
    ["step", true, [0, 1, 2], [4, NaN, NaN]],
    ["time", false, [3000, 5000, 9000], [NaN, 4, -1]],
    ["relative", false, [0, 2, 6], [NaN, 4, -1]],
  ] as const)("%s, log %s", (axis, log, x, y) => {
    const line = lineOf("a", "A", three, { axis, smoothing: 0, log });
    expect([...line.x]).toEqual(x);
    expect([...line.y]).toEqual(y);
    expect([...three.values]).toEqual([4, NaN, -1]);
  });

  test("smoothing is fair to the first values and steps over what is no number", () => {
    expect([...smoothed(numbers(2, 2, 2), 0.9)].map((v) => v.toFixed(6))).toEqual(["2.000000", "2.000000", "2.000000"]);
    const out = [...smoothed(numbers(1, NaN, 3, Infinity), 0.5)];
    expect(out[0]).toBe(1);
    expect(out[1]).toBeNaN();
    expect(out[2]).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75, 12);
    expect(out[3]).toBe(Infinity);
  });

  test("summaries and words", () => {
    const line: Line = { id: "a", name: "A", x: numbers(0, 1, 2), y: numbers(NaN, 3, 1) };
    expect(summaryOf(line)).toEqual({ count: 2, first: 3, last: 1, min: 1, max: 3, from: 1, to: 2 });
    expect(summaryOf({ ...line, y: numbers(NaN, NaN, NaN) })).toBeUndefined();
    expect(chartText("loss", [line], "step")).toBe("Line chart of loss by step, 1 line. A: from 3 to 1, lowest 1, highest 3.");
    const many = Array.from({ length: 7 }, () => line);
    expect(chartText("loss", many, "relative")).toMatch(/by relative time, 7 lines\..*And 2 more; the table has all\.$/);
    expect([xText(5, "step"), xText(1.5, "relative")]).toEqual(["5", "1.5 s"]);
  });

  test("100 looks are told apart by colour, dash and width", () => {
    const looks = Array.from({ length: 96 }, (_, i) => JSON.stringify(lookOf(i)));
    expect(new Set(looks).size).toBe(96);
  });

  test("extremes take no notice of what is no number", () => {
    const found = { count: 0, min: Infinity, max: -Infinity, cut: false };
    widen(found, numbers(3, NaN, -2));
    expect(found).toEqual({ count: 3, min: -2, max: 3, cut: false });
  });
});

describe("the nearest points", () => {
  test.each([
    [[], 1, -1],
    [[5], 99, 0],
    [[0, 10, 20], 4, 0],
    [[0, 10, 20], 5, 0],
    [[0, 10, 20], 6, 1],
    [[0, 10, 20], 99, 2],
    [[0, 10, 20], -1, 0],
  ])("in %o to %f", (list, to, want) => expect(nearestPlace(numbers(...list), to)).toBe(want));

  test("the lines about the pointer, from above", () => {
    const line = (id: string, y: number): Line => ({ id, name: id, x: numbers(0, 1), y: numbers(y, y) });
    const found = nearest([line("a", 1), line("b", 5), line("c", NaN), line("d", 2)], 0.2, 1.4, 2);
    expect(found.map(({ line: l, y }) => [l.id, y])).toEqual([
      ["d", 2],
      ["a", 1],
    ]);
  });
});
