import { expect, test } from "vitest";
import { browserName } from "./browser";
import { databricksLines, mlflowLines } from "./lines";
import { dayText, standingOf, wishOf } from "./tokens";

const day = 86_400_000;

test.each([
  [-1, { state: "lasting" }],
  [100 * day - 1, { state: "expired", at: 100 * day - 1 }],
  [101 * day, { state: "soon", at: 101 * day }],
  [200 * day, { state: "good", at: 200 * day }],
])("expiry %i", (expiry, want) => {
  expect(standingOf({ expiry_time: expiry }, 100 * day)).toEqual(want);
});

test("what is asked for", () => {
  expect(wishOf(" laptop ", "30", undefined)).toEqual({ comment: "laptop", lifetime_seconds: 2_592_000 });
  expect(wishOf("", "never", ["mlflow"])).toEqual({ comment: "", scopes: ["mlflow"] });
});

test("the day of the last use is UTC's", () => {
  expect(dayText(Date.UTC(2026, 10, 2))).toBe("2 Nov 2026");
});

test("lines for clients", () => {
  expect(mlflowLines("https://b.example", "dapi1")).toBe("export MLFLOW_TRACKING_URI=https://b.example\nexport MLFLOW_TRACKING_TOKEN=dapi1");
  expect(databricksLines("https://b.example")).toContain("DATABRICKS_TOKEN=YOUR_TOKEN");
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"],
  ["curl/8.5", "curl/8.5"],
  ["", "Unknown"],
])("%s", (agent, want) => {
  expect(browserName(agent)).toBe(want);
});
