import { expect, test } from "vitest";
import { durationText, metricText, plural, relativeTime, sizeText } from "./format";
import { kindWords, levelWords } from "./levels";

const second = 1000;
const day = 86_400 * second;

test.each([
  [0, "just now"],
  [-10 * second, "10 seconds ago"],
  [-59.9 * second, "1 minute ago"],
  [-3 * 3600 * second, "3 hours ago"],
  [2 * day, "in 2 days"],
  [-400 * day, "last year"],
])("%i ms from now", (offset, want) => {
  expect(relativeTime(1e12 + offset, 1e12)).toBe(want);
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1536, "1.54 kB"],
  [5_000_000, "5 MB"],
])("%i bytes", (n, want) => {
  expect(sizeText(n)).toBe(want);
});

test.each([
  [120, "120 ms"],
  [1500, "1.5 s"],
  [42_000, "42 s"],
  [93_784_000, "1 d 2 h"],
  [3_600_000, "1 h"],
  [3_660_000, "1 h 1 min"],
])("%i ms long", (n, want) => {
  expect(durationText(n)).toBe(want);
});

test.each([
  [0, "0"],
  [0.1 + 0.2, "0.3"],
  [123456.789, "123457"],
  [0.00001234, "1.234e-5"],
  [2e12, "2.000e+12"],
  [NaN, "NaN"],
  [-Infinity, "-Infinity"],
])("metric %d", (n, want) => {
  expect(metricText(n)).toBe(want);
});

test("words", () => {
  expect([plural(1, "run"), plural(2, "run"), plural(0, "entry", "entries")]).toEqual(["1 run", "2 runs", "0 entries"]);
  expect([levelWords("CAN_MANAGE"), levelWords(""), levelWords("CAN_DO_X")]).toEqual(["Can manage", "No access", "Can do x"]);
  expect([kindWords("mlflowExperiment"), kindWords("odd-kind")]).toEqual(["experiment", "odd kind"]);
});
