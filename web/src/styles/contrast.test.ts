import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const tokens = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map((m) => [m[1] ?? "", [m[2] ?? "", m[3] ?? ""]]));

type Theme = 0 | 1;

function colorOf(name: string, theme: Theme): string {
  if (name.startsWith("#")) return name;
  const color = tokens.get(name)?.[theme];
  if (color === undefined) throw new Error(`no colour ${name}`);
  return color;
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ["bg", "surface", "surface-2", "surface-3", "sidebar", "overlay"];
const onAll = ["text", "text-2", "text-3"].flatMap((text) => surfaces.map((surface): [string, string, number] => [text, surface, 4.5]));
const meanings = ["good", "warn", "bad", "violet"].flatMap((name): [string, string, number][] => [
  [name, `${name}-soft`, 4.5],
  [name, "surface", 4.5],
  [name, "bg", 4.5],
]);
const lines = ["bg", "surface", "surface-2", "overlay"].flatMap((s): [string, string, number][] => [
  ["border-strong", s, 3],
  ["focus", s, 3],
]);
const series = [1, 2, 3, 4, 5, 6, 7, 8].map((n): [string, string, number] => [`c-${n}`, "surface", 3]);

test.each([
  ...onAll,
  ...meanings,
  ...lines,
  ...series,
  ["accent-text", "surface", 4.5],
  ["accent-text", "surface-2", 4.5],
  ["accent-text", "accent-soft", 4.5],
  ["text", "accent-soft", 4.5],
  ["text-3", "accent-soft", 4.5],
  ["text", "warn-soft", 4.5],
  ["text", "bad-soft", 4.5],
  ["#ffffff", "accent", 4.5],
  ["#ffffff", "accent-hover", 4.5],
  ["#ffffff", "bad-fill", 4.5],
] as [string, string, number][])("%s on %s keeps %f:1 in both themes", (one, other, least) => {
  for (const theme of [0, 1] as const) expect(contrast(colorOf(one, theme), colorOf(other, theme))).toBeGreaterThanOrEqual(least);
});
