import { describe, expect, test, vi } from "vitest";
import { linedUp, runsOf } from "./compare/rows";
import { tagsOf } from "./list/CreateExperiment";
import { experimentFilter, experimentOrder, partsOf, wordsOf } from "./list/filter";
import { byDataset } from "./ModelMetrics";
import { registrationsOf } from "./modelParts";
import { sourceText } from "./run/Datasets";
import { commitAddress } from "./run/RunFacts";
import { each } from "./runs/change";
import { changesOf, isOwnTag, lineError, linesOf } from "./tags/changes";
import type { LoggedModel } from "./types";
import { modelsIn, versionsIn } from "./useRun";

describe("the search text of experiments", () => {
  test.each([
    ["", ""],
    ["churn", "name ILIKE '%churn%'"],
    ["churn o'neil", "name ILIKE '%churn%' AND name ILIKE '%o''neil%'"],
    ["team:red", "tags.`team` ILIKE '%red%'"],
    ['team:"red blue" x', "tags.`team` ILIKE '%red blue%' AND name ILIKE '%x%'"],
    ["team:", "tags.`team` IS NOT NULL"],
    [":x", "name ILIKE '%:x%'"],
    ["/Users/a:b", "name ILIKE '%/Users/a:b%'"],
    ["a`b:c", "tags.\"a`b\" ILIKE '%c%'"],
  ])("%j", (text, want) => expect(experimentFilter(text)).toBe(want));

  test("words, order, parts and tags", () => {
    expect(wordsOf('  a "b c" "d')).toEqual(["a", "b c", "d"]);
    expect(experimentOrder("name", true)).toEqual(["name ASC"]);
    expect(experimentOrder("nonsense", false)).toEqual(["last_update_time DESC"]);
    expect(partsOf("/Users/ann/churn")).toEqual({ folder: "/Users/ann", last: "churn" });
    expect(partsOf("churn")).toEqual({ folder: "", last: "churn" });
    expect(partsOf("/")).toEqual({ folder: "", last: "/" });
    expect(tagsOf('team:red stage:"early days" bare')).toEqual([
      { key: "team", value: "red" },
      { key: "stage", value: "early days" },
      { key: "bare", value: "" },
    ]);
  });
});

describe("tags", () => {
  const before = [
    { key: "b", value: "1" },
    { key: "a", value: "2" },
  ];
  const [a, b] = linesOf(before);
  if (!a || !b) throw new Error("two lines");

  test.each([
    ["nothing", [a, b], { set: [], remove: [] }],
    ["a value", [{ ...a, value: "3" }, b], { set: [{ key: "a", value: "3" }], remove: [] }],
    ["a key", [{ ...a, key: "c" }, b], { set: [{ key: "c", value: "2" }], remove: ["a"] }],
    ["one removed", [b], { set: [], remove: ["a"] }],
    ["one added, an empty line", [a, b, { id: 2, key: " d ", value: "" }, { id: 3, key: "", value: "" }], { set: [{ key: "d", value: "" }], remove: [] }],
  ])("%s", (_, lines, want) => expect(changesOf(before, lines)).toEqual(want));

  test.each([
    [{ id: 9, key: "", value: "" }, false],
    [{ id: 9, key: "", value: "x" }, true],
    [{ id: 9, key: "a", value: "x" }, true],
    [{ id: 9, key: "mlflow.user", value: "x" }, true],
    [{ id: 9, key: "bailiwick.owner", value: "x" }, true],
    [{ id: 9, key: "z", value: "" }, false],
  ])("what is wrong with %o", (line, wrong) => expect(lineError(line, [a, b, line]) !== undefined).toBe(wrong));

  test("own ones", () => expect(["mlflow.x", "bailiwick.x", "x"].map((key) => isOwnTag({ key, value: "" }))).toEqual([false, false, true]));
});

describe("a run's surroundings", () => {
  test.each([
    ["https://github.com/a/b.git", "0123abc", "https://github.com/a/b/commit/0123abc"],
    ["git@github.com:a/b.git", "0123abc", "https://github.com/a/b/commit/0123abc"],
    ["http://git.local/a", "0123abc", undefined],
    ["javascript:alert(1)", "0123abc", undefined],
    ["https://github.com/a/b", "not a commit", undefined],
    [undefined, "0123abc", undefined],
  ])("commit of %s", (repository, commit, want) => expect(commitAddress(repository, commit)).toBe(want));

  test.each([
    ['{"uri":"s3://a"}', "s3://a"],
    ['{"url":"https://a"}', "https://a"],
    ['{"tags":{}}', '{"tags":{}}'],
    ["plain", "plain"],
    [undefined, ""],
    ["null", "null"],
  ])("source %s", (source, want) => expect(sourceText(source)).toBe(want));

  test("versions and models of a lineage", () => {
    const nodes = [
      { key: "v", kind: "version", id: "5/2", name: "a/b/2", state: "active", stage: "None" },
      { key: "m", kind: "logged-model", id: "m-1", name: "model", state: "deleted" },
      { key: "x", kind: "version", id: "5/3", state: "purged" },
    ];
    expect(versionsIn(nodes)).toEqual([{ name: "a/b", version: "2", stage: "None", state: "active" }]);
    expect(modelsIn(nodes).map((node) => node.id)).toEqual(["m-1"]);
  });

  test("registrations: the server's, else the client's tag", () => {
    const model = (info: Partial<LoggedModel["info"]>): LoggedModel => ({ info: { model_id: "m", experiment_id: "1", name: "n", ...info } });
    const tag = (value: string) => model({ tags: [{ key: "mlflow.modelVersions", value }] });
    expect(registrationsOf(model({ registrations: [{ name: "a", version: "1" }] }))).toEqual([{ name: "a", version: "1" }]);
    expect(registrationsOf(tag('[{"name":"churn","version":3},{"x":1},null]'))).toEqual([{ name: "churn", version: "3" }]);
    for (const bad of ["", "{}", "nonsense"]) expect(registrationsOf(tag(bad))).toEqual([]);
    expect(registrationsOf(model({}))).toEqual([]);
  });

  test("metrics of a model by dataset", () => {
    const metric = (key: string, dataset_name?: string) => ({ key, value: 1, timestamp: 1, step: 0, ...(dataset_name ? { dataset_name, dataset_digest: "d" } : {}) });
    const groups = byDataset([metric("a"), metric("b", "test"), metric("c", "eval"), metric("d", "test")]);
    expect(groups.map(([name, list]) => [name, list.map((m) => m.key).join()])).toEqual([
      ["eval (d)", "c"],
      ["test (d)", "b,d"],
      ["No dataset", "a"],
    ]);
  });
});

describe("comparing", () => {
  test("rows are lined up", () => {
    const rows = linedUp([
      [
        { key: "lr", text: "1" },
        { key: "b10", text: "x" },
      ],
      [
        { key: "lr", text: "1" },
        { key: "b9", text: "y" },
      ],
    ]);
    expect(rows).toEqual([
      { key: "b9", values: [undefined, "y"], differs: true },
      { key: "b10", values: ["x", undefined], differs: true },
      { key: "lr", values: ["1", "1"], differs: false },
    ]);
  });

  test("runs of an address: each once, at most 100", () => {
    expect(runsOf(null)).toEqual([]);
    expect(runsOf("a, b,,a")).toEqual(["a", "b"]);
    expect(runsOf(Array.from({ length: 300 }, (_, i) => i).join())).toHaveLength(100);
  });
});

describe("one after the other", () => {
  test("a few at a time, and no more after a failure", async () => {
    let under = 0;
    let most = 0;
    const act = vi.fn(async (n: number) => {
      under += 1;
      most = Math.max(most, under);
      await Promise.resolve();
      under -= 1;
      if (n === 7) throw new Error("seven");
    });
    const all = Array.from({ length: 40 }, (_, i) => i);
    await expect(each(all, act)).rejects.toThrow("seven");
    expect(most).toBeLessThanOrEqual(6);
    const done = vi.fn(() => Promise.resolve());
    await each(all, done);
    expect(done).toHaveBeenCalledTimes(40);
    await each([], done);
  });
});
