import { describe, expect, test, vi } from "vitest";
import { rewriteAddress, rewriteHash, rewritePath } from "./deeplinks";

describe("the console's own addresses and MLflow's stay", () => {
  test.each([
    "",
    "#",
    "#/",
    "#/experiments/1",
    "#/experiments/1/runs/0f3c0f3c0f3c0f3c0f3c0f3c0f3c0f3c",
    "#/experiments/1/runs/abc?tab=metrics",
    "#/models/churn",
    "#/models/churn/versions/3",
    "#/models/a%2Fb/versions/3",
    "#/workspace?path=/Users/ann",
    "#/sign-in?link=CODE",
    "#/compare?runs=a,b",
  ])("%s", (hash) => {
    expect(rewriteHash(hash)).toBeUndefined();
  });
});

describe("others are rewritten", () => {
  test.each([
    ["#mlflow/experiments/1/runs/abc", "/experiments/1/runs/abc"],
    ["#mlflow/experiments/1/run/abc", "/experiments/1/runs/abc"],
    ["#mlflow/experiments/1?viewStateShareKey=x", "/experiments/1"],
    ["#mlflow/experiments", "/experiments"],
    ["#mlflow/models/churn/versions/3", "/models/churn/versions/3"],
    ["#mlflow/models/churn/version/3", "/models/churn/versions/3"],
    ["#mlflow/models/a%2Fb", "/models/a%2Fb"],
    ["#/mlflow/models", "/models"],
    ["#notebook/123", "/notebooks/123"],
    ["#notebook/123/command/456", "/notebooks/123"],
    ["#folder/77", "/folders/77"],
    ["#workspace/Users/ann", "/workspace?path=/Users/ann"],
    ["#setting/account", "/account"],
    ["#settings/user/developer", "/account"],
    ["#ml/experiments/1/models/m-1", "/experiments/1/models/m-1"],
    ["#experiments/1", "/experiments/1"],
    ["#/experiments/1/runs", "/experiments/1"],
    ["#/experiments/1/runs/abc/artifacts", "/experiments/1/runs/abc?tab=artifacts"],
    ["#/experiments/1/runs/abc/artifacts/plots/roc.png", "/experiments/1/runs/abc?tab=artifacts&path=plots/roc.png"],
    ["#/experiments/1/runs/abc/model-metrics", "/experiments/1/runs/abc?tab=metrics"],
  ])("%s → %s", (hash, want) => {
    expect(rewriteHash(hash)).toBe(want);
  });
});

test.each([
  ["/", undefined],
  ["/index.html", undefined],
  ["/ml/experiments/1/runs/abc", "/experiments/1/runs/abc"],
  ["/ml/models/churn/versions/3", "/models/churn/versions/3"],
  ["/ml/experiments", "/experiments"],
])("path %s → %s", (path, want) => {
  expect(rewritePath(path)).toBe(want);
});

function page(pathname: string, search: string, hash: string) {
  const listeners: (() => void)[] = [];
  const location = { pathname, search, hash };
  const replaceState = vi.fn((_: unknown, __: string, url: string) => {
    const parsed = new URL(url, "http://host");
    Object.assign(location, { pathname: parsed.pathname, search: parsed.search, hash: parsed.hash });
  });
  const window = { location, history: { replaceState }, addEventListener: (_: string, l: () => void) => listeners.push(l) };
  return { window: window as unknown as Window, location, replaceState, listeners };
}

test("an address is put right at the start and with each change", () => {
  const p = page("/", "?o=1", "#mlflow/models/churn");
  rewriteAddress(p.window);
  expect(p.location).toMatchObject({ pathname: "/", search: "?o=1", hash: "#/models/churn" });
  p.location.hash = "#notebook/5";
  for (const listener of p.listeners) listener();
  expect(p.location.hash).toBe("#/notebooks/5");
  p.replaceState.mockClear();
  p.location.hash = "#/models";
  for (const listener of p.listeners) listener();
  expect(p.replaceState).not.toHaveBeenCalled();
});

test("a path of Databricks becomes the page, and leaves a hash alone", () => {
  const p = page("/ml/experiments/1", "", "");
  rewriteAddress(p.window);
  expect(p.location).toMatchObject({ pathname: "/", hash: "#/experiments/1" });
});
