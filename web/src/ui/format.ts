/** How numbers, sizes and times read. The language and zone are the browser's. */

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30.44],
  ["month", 12],
  ["year", Infinity],
];

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** "3 hours ago", "in 2 days"; "just now" within five seconds. */
export function relativeTime(at: number, now: number): string {
  let value = (at - now) / 1000;
  // Clocks that are read twice a minute, and those of two machines, differ: what is a little ahead is now.
  if (value > -5 && value < 40) return "just now";
  for (const [unit, size] of steps) {
    if (Math.abs(Math.round(value)) < size) return relative.format(Math.round(value), unit);
    value /= size;
  }
  return "";
}

/** "22 Nov 2026, 18:57:50 UTC": date, time and zone. */
export function absoluteTime(at: number): string {
  return absolute.format(at);
}

const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** 1536 → "1.5 kB"; steps of 1000, as in SI. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit] ?? ""}`;
}

/** 93784 s → "1 d 2 h"; the two largest parts. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

const plain = new Intl.NumberFormat(undefined);

/** 12345 → "12,345". */
export const countText = (n: number): string => plain.format(n);

/** "1 run", "2 runs"; a plural that is not just an s is given. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${countText(n)} ${n === 1 ? one : many}`;

/** A metric's value with at most six significant digits; very large and small ones in powers of ten. */
export function metricText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
  return String(Number(value.toPrecision(6)));
}
