import { expect, test } from "vitest";
import { addressOf, foundItems, matches, pageItems, type Found } from "./paletteItems";

const found = (object: string, kind: string, name: string, more: Partial<Found> = {}): Found => ({
  object,
  kind,
  name,
  id: object.split("/")[1] ?? "",
  level: "CAN_READ",
  abilities: [],
  ...more,
});

test("what was found is grouped by kind, the best kind first", () => {
  const items = foundItems([
    found("registered-models/5", "registered-model", "churn"),
    found("experiments/1", "experiment", "churn", { where: "/Shared" }),
    found("registered-models/6", "registered-model", "churn-eu"),
  ]);
  expect(items.map((i) => [i.group, i.text, i.where])).toEqual([
    ["Registered models", "churn", undefined],
    ["Registered models", "churn-eu", undefined],
    ["Experiments", "churn", "/Shared"],
  ]);
});

test.each([
  [found("experiments/1", "experiment", "e"), "/experiments/1"],
  [found("directories/9", "directory", "ann", { path: "/Users/ann" }), "/workspace?path=%2FUsers%2Fann"],
  [found("registered-models/5", "registered-model", "a/b"), "/models/a%2Fb"],
  [found("runs/abc", "run", "calm-owl"), "/runs/abc"],
  [found("principals/3", "user", "ann@example.com"), "/access?principal=ann%40example.com"],
  [found("clusters/3", "cluster", "small"), undefined],
])("%o", (one, want) => {
  expect(addressOf(one)).toBe(want);
});

test("pages are found by the beginnings of their words", () => {
  expect(pageItems("mod").map((i) => i.to)).toEqual(["/models"]);
  expect(pageItems("service pri").map((i) => i.to)).toEqual(["/settings/access-control"]);
  expect(pageItems("odels")).toEqual([]);
  expect(matches("", "anything")).toBe(true);
});
