import { describe, expect, test, vi } from "vitest";
import type { Run } from "../types";
import { cellText, numberText } from "./cells";
import { allColumns, attributeColumns, edgesOf, findColumns, keyRef, shownColumns, usualColumns } from "./columns";
import { RunFeed, type FeedQuery } from "./feed";
import { KeyBook } from "./keys";
import { moved, type Cell } from "./moves";
import { packed, unpacked } from "./pack";
import { numberAt, pageOf, placeIn, wordAt, type RunPage } from "./page";
import { feedQuery, nextSort, orderBy, viewOf, withView } from "./query";
import { chosenAfter, noneChosen } from "./selection";
import { rangeOf } from "./useColumnRange";

function run(n: number, data: Run["data"] = {}): Run {
  return {
    info: { run_id: `r${n}`, experiment_id: "1", run_name: `run ${n}`, user_id: "ann", status: "FINISHED", start_time: 1000 * n, end_time: 1000 * n + 500, lifecycle_stage: "active" },
    data,
  };
}

const metric = (key: string, value: number | "NaN") => ({ key, value, timestamp: 1, step: 0 });

const page = pageOf({
  runs: [
    run(0, { metrics: [metric("acc", 0.5)], params: [{ key: "lr", value: "0.1" }], tags: [{ key: "mlflow.source.name", value: "/a/train.py" }] }),
    run(1, { metrics: [metric("loss", "NaN")], params: [{ key: "lr", value: "0.1" }] }),
    run(2, { metrics: [metric("acc", Number.MAX_VALUE), metric("loss", -1)], params: [{ key: "lr", value: "0.2" }], tags: [{ key: "a.b", value: "" }] }),
  ],
  next_page_token: "t",
});

describe("pages", () => {
  test.each([
    ["acc", [0.5, undefined, Infinity]],
    ["loss", [undefined, NaN, -1]],
    ["none", [undefined, undefined, undefined]],
  ])("metric %s", (key, want) => {
    expect([0, 1, 2].map((row) => numberAt(page.metrics.get(key), row))).toEqual(want);
  });

  test("params and tags", () => {
    expect([0, 1, 2].map((row) => wordAt(page.params.get("lr"), row))).toEqual(["0.1", "0.1", "0.2"]);
    expect(page.params.get("lr")?.words).toEqual(["0.1", "0.2"]);
    expect([0, 1, 2].map((row) => wordAt(page.tags.get("a.b"), row))).toEqual([undefined, undefined, ""]);
  });

  test("places in rows with gaps", () => {
    const rows = Uint16Array.from([1, 2, 5, 9]);
    expect([0, 1, 2, 3, 5, 9, 10].map((row) => placeIn(rows, row))).toEqual([-1, 0, 1, -1, 2, 3, -1]);
    expect(placeIn(new Uint16Array(), 0)).toBe(-1);
  });

  test("an empty answer", () => {
    expect(pageOf({})).toMatchObject({ count: 0, nextToken: undefined });
    expect(pageOf({ next_page_token: "" }).nextToken).toBeUndefined();
  });

  test.each([["some runs", page] as const, ["none", pageOf({})] as const])("packing and unpacking %s changes nothing", (_, whole) => {
    const there = unpacked(structuredClone(packed(whole)));
    expect({ ...there, nextToken: there.nextToken }).toEqual(whole);
  });
});

describe("cells", () => {
  const columns = allColumns({ metrics: ["acc", "loss"], params: ["lr"], tags: ["mlflow.source.name"] });
  const text = (key: string, row: number) => {
    const column = columns.find((c) => c.key === key);
    return column && cellText(column, { page, row }).text;
  };
  test.each([
    ["metrics.acc", 0, "0.5"],
    ["metrics.acc", 1, ""],
    ["metrics.acc", 2, "∞"],
    ["metrics.loss", 1, "NaN"],
    ["params.lr", 2, "0.2"],
    ["attributes.duration", 1, "500 ms"],
    ["attributes.duration", 0, ""],
    ["attributes.status", 0, "Finished"],
    ["attributes.source", 0, "train.py"],
    ["attributes.source", 1, ""],
    ["attributes.run_id", 2, "r2"],
  ])("%s of row %i", (key, row, want) => expect(text(key, row)).toBe(want));

  test("long texts are cut", () => {
    const long = pageOf({ runs: [run(1, { params: [{ key: "lr", value: "x".repeat(6000) }] })] });
    const [column] = columns.filter((c) => c.key === "params.lr");
    expect(column && cellText(column, { page: long, row: 0 }).text.length).toBe(201);
  });

  test.each([
    [0, "0"],
    [1 / 3, "0.333333"],
    [123456789, "123457000"],
    [1e-9, "1.000e-9"],
    [-Infinity, "−∞"],
    [NaN, "NaN"],
  ])("number %f", (value, want) => expect(numberText(value)).toBe(want));
});

describe("columns", () => {
  const many = (n: number, name: string) => Array.from({ length: n }, (_, i) => `${name}${i}`);
  const keys = { metrics: many(120, "m"), params: many(80, "p"), tags: ["mlflow.user", "team"] };
  const all = allColumns(keys);

  test("all of them, system tags last", () => {
    expect(all.length).toBe(attributeColumns.length + 202);
    expect(all.slice(-2).map((c) => c.key)).toEqual(["tags.team", "tags.mlflow.user"]);
  });

  test("the usual ones", () => {
    const usual = usualColumns(keys);
    expect(usual.filter((key) => key.startsWith("metrics."))).toHaveLength(12);
    expect(usual.filter((key) => key.startsWith("params."))).toHaveLength(8);
    expect(usual.filter((key) => key.startsWith("tags."))).toEqual(["tags.team"]);
    expect(shownColumns(all, new Set(["params.p3", "metrics.m1", "gone"])).map((c) => c.key)).toEqual(["metrics.m1", "params.p3"]);
  });

  test.each([
    ["", 4],
    ["m11 metrics", 1],
    ["TEAM", 1],
    ["nothing has this", 0],
  ])("finding %j", (text, groups) => expect(findColumns(all, text)).toHaveLength(groups));

  test.each([
    ["metrics", "acc", "metrics.`acc`"],
    ["params", "batch size", "params.`batch size`"],
    ["tags", "a`b", 'tags."a`b"'],
    ["tags", "a`\"b'", "tags.'a`\"b'''"],
  ] as const)("naming %s %s", (group, key, want) => expect(keyRef(group, key)).toBe(want));

  test("edges and ranges", () => {
    const edges = [0, 100, 200, 400];
    expect(edgesOf([])).toEqual([0]);
    expect(rangeOf(edges, -50, 150)).toEqual({ first: 0, last: 2 });
    expect(rangeOf(edges, 100, 200)).toEqual({ first: 1, last: 2 });
    expect(rangeOf(edges, 250, 900)).toEqual({ first: 2, last: 3 });
    expect(rangeOf(edges, 500, 900)).toEqual({ first: 3, last: 3 });
    expect(rangeOf([0], 0, 100)).toEqual({ first: 0, last: 0 });
  });

  test("the book of keys grows and stays the same object without news", () => {
    const book = new KeyBook();
    book.add(page);
    const before = book.snapshot();
    expect(before).toEqual({ metrics: ["acc", "loss"], params: ["lr"], tags: ["a.b", "mlflow.source.name"] });
    book.add(page);
    expect(book.snapshot()).toBe(before);
    book.add(pageOf({ runs: [run(9, { metrics: [metric("m10", 1), metric("m9", 1)] })] }));
    expect(book.snapshot().metrics).toEqual(["acc", "loss", "m9", "m10"]);
  });
});

describe("view and order", () => {
  test("the address keeps what else is in it", () => {
    const params = withView(new URLSearchParams("tab=runs&filter=old"), { filter: " metrics.a > 1 ", sort: { key: "metrics.a", direction: "descending" } });
    expect(params.toString()).toBe("tab=runs&filter=metrics.a+%3E+1&order=metrics.a&desc=1");
    expect(viewOf(params)).toEqual({ filter: "metrics.a > 1", sort: { key: "metrics.a", direction: "descending" }, deleted: false });
    expect(withView(params, { filter: "", sort: undefined, deleted: true }).toString()).toBe("tab=runs&view=deleted");
  });

  test.each([
    ["metrics.a b", "descending", ["metrics.`a b` DESC"]],
    ["attributes.start_time", "ascending", ["attributes.start_time ASC"]],
    ["attributes.source", "ascending", ["tags.`mlflow.source.name` ASC"]],
    ["attributes.duration", "ascending", []],
    ["nonsense", "ascending", []],
    ["datasets.x", "ascending", []],
  ] as const)("ordering by %s %s", (key, direction, want) => expect(orderBy({ key, direction })).toEqual(want));

  test("what is asked", () => {
    expect(feedQuery(["1"], { filter: " ", sort: undefined, deleted: true })).toEqual({ experiments: ["1"], filter: "", orderBy: [], view: "DELETED_ONLY" });
  });

  test.each([
    ["metrics.a", ["descending", "ascending", undefined]],
    ["attributes.start_time", ["descending", "ascending", undefined]],
    ["params.a", ["ascending", "descending", undefined]],
  ])("pressing the head of %s again and again", (key, want) => {
    let sort = nextSort(undefined, key);
    const seen = want.map(() => {
      const direction = sort?.direction;
      sort = nextSort(sort, key);
      return direction;
    });
    expect(seen).toEqual(want);
    expect(nextSort({ key: "other", direction: "ascending" }, key)?.key).toBe(key);
  });
});

describe("keys of the grid", () => {
  const bounds = { rows: 100, cols: 12, page: 20 };
  test.each([
    ["ArrowDown", { row: 99, col: 3 }, false, { row: 99, col: 3 }],
    ["ArrowUp", { row: 0, col: 3 }, false, { row: -1, col: 3 }],
    ["ArrowUp", { row: -1, col: 3 }, false, { row: -1, col: 3 }],
    ["ArrowLeft", { row: 1, col: 0 }, false, { row: 1, col: 0 }],
    ["ArrowRight", { row: 1, col: 11 }, false, { row: 1, col: 11 }],
    ["PageDown", { row: 90, col: 2 }, false, { row: 99, col: 2 }],
    ["PageUp", { row: 5, col: 2 }, false, { row: 0, col: 2 }],
    ["End", { row: 5, col: 1 }, false, { row: 99, col: 1 }],
    ["End", { row: 5, col: 4 }, false, { row: 5, col: 11 }],
    ["End", { row: 5, col: 4 }, true, { row: 99, col: 4 }],
    ["Home", { row: 5, col: 1 }, false, { row: 0, col: 1 }],
    ["Home", { row: 5, col: 4 }, false, { row: 5, col: 1 }],
    ["Home", { row: 5, col: 4 }, true, { row: 0, col: 4 }],
    ["x", { row: 5, col: 4 }, false, undefined],
  ] as [string, Cell, boolean, Cell | undefined][])("%s at %o, ctrl %s", (key, at, ctrl, want) => expect(moved(key, at, bounds, ctrl)).toEqual(want));
});

describe("choosing", () => {
  const idAt = (index: number) => (index < 10 ? `r${index}` : undefined);
  test("one, a range, and back", () => {
    let chosen = chosenAfter(noneChosen, 2, false, idAt);
    expect([...chosen.ids]).toEqual(["r2"]);
    chosen = chosenAfter(chosen, 5, true, idAt);
    expect([...chosen.ids]).toEqual(["r2", "r3", "r4", "r5"]);
    chosen = chosenAfter(chosen, 3, true, idAt);
    expect([...chosen.ids]).toEqual(["r2"]);
    expect(chosenAfter(chosen, 99, false, idAt)).toBe(chosen);
    expect([...chosenAfter({ ids: new Set(), anchor: undefined }, 4, true, idAt).ids]).toEqual(["r4"]);
  });
});

describe("the feed", () => {
  const query: FeedQuery = { experiments: ["1"], filter: "", orderBy: [], view: "ACTIVE_ONLY" };
  const pages = (count: number, failing = -1) => {
    let asked = 0;
    return vi.fn((_: FeedQuery, size: number, token?: string): Promise<RunPage> => {
      const n = asked;
      asked += 1;
      if (n === failing) return Promise.reject(new Error("no"));
      const from = Number(token ?? "0");
      const answer = { runs: Array.from({ length: size }, (_, i) => run(from + i)), ...(n + 1 < count ? { next_page_token: String(from + size) } : {}) };
      return Promise.resolve(pageOf(answer));
    });
  };
  const settled = (feed: RunFeed) => vi.waitFor(() => expect(feed.snapshot().loading).toBe(false));

  test("loads what is wanted, and finds runs in all pages", async () => {
    const fetch = pages(4);
    const feed = new RunFeed(query, fetch, new KeyBook());
    feed.open();
    await settled(feed);
    expect(feed.snapshot()).toMatchObject({ loaded: 200, done: false });
    feed.want(1300);
    await settled(feed);
    expect(feed.snapshot().loaded).toBe(2200);
    expect([0, 199, 200, 1199, 1200, 2199, 2200, -1].map((i) => feed.id(i))).toEqual(["r0", "r199", "r200", "r1199", "r1200", "r2199", undefined, undefined]);
    feed.want(Infinity);
    await settled(feed);
    expect(feed.snapshot()).toMatchObject({ loaded: 3200, done: true });
    feed.want(Infinity);
    expect(fetch).toHaveBeenCalledTimes(4);
  });

  test("keeps what it has when a page fails, and goes on when asked again", async () => {
    const feed = new RunFeed(query, pages(3, 1), new KeyBook());
    feed.open();
    await settled(feed);
    feed.want(Infinity);
    await settled(feed);
    expect(feed.snapshot()).toMatchObject({ loaded: 200, error: new Error("no") });
    feed.want(201);
    await settled(feed);
    expect(feed.snapshot()).toMatchObject({ loaded: 1200, error: undefined, done: true });
  });

  test("stops, and heeds no answer after it was closed", async () => {
    const feed = new RunFeed(query, pages(9), new KeyBook());
    feed.open();
    feed.close();
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(feed.snapshot().loaded).toBe(0);
    feed.open();
    await settled(feed);
    expect(feed.snapshot().loaded).toBe(200);
    feed.want(Infinity);
    feed.halt();
    await settled(feed);
    expect(feed.snapshot().loaded).toBe(1200);
  });
});
