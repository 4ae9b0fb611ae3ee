import { beforeEach, expect, test, vi } from "vitest";
import { LiveStream, type Source } from "./stream";

class Fake implements Source {
  readonly url: string;
  closed = false;
  readonly #listeners: [string, (event: { data?: unknown }) => void][] = [];

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(name: string, listener: (event: { data?: unknown }) => void) {
    this.#listeners.push([name, listener]);
  }

  close() {
    this.closed = true;
  }

  fire(name: string, data?: unknown) {
    for (const [n, listener] of this.#listeners) if (n === name) listener({ data: JSON.stringify(data) });
  }
}

let sources: Fake[];
let later: (() => void)[];
let hidden: boolean;
let visibility: () => void;
let stream: LiveStream;

beforeEach(() => {
  sources = [];
  later = [];
  hidden = false;
  stream = new LiveStream({
    open: (url) => {
      const source = new Fake(url);
      sources.push(source);
      return source;
    },
    hidden: () => hidden,
    onVisibility: (listener) => {
      visibility = listener;
    },
    later: (act) => void later.push(act),
  });
});

const settle = () => {
  for (const act of later.splice(0)) act();
};

const last = () => sources.at(-1) ?? new Fake("");

test("one connection for all that is followed", () => {
  const [one, two] = [vi.fn(), vi.fn()];
  stream.follow("experiments/1", one);
  const stop = stream.follow("registered-models/2", two);
  settle();
  expect(sources.map((s) => s.url)).toEqual(["/api/governance/1.0/changes?object=experiments%2F1&object=registered-models%2F2"]);
  last().fire("ready");
  last().fire("changed", { object: "registered-models/2", version: 4 });
  expect([one.mock.calls.length, two.mock.calls.length]).toEqual([0, 1]);
  stop();
  settle();
  expect(sources.map((s) => s.closed)).toEqual([true, false]);
  expect(last().url).toBe("/api/governance/1.0/changes?object=experiments%2F1");
});

test("nothing to follow, no connection; leaving and coming back at once keeps it", () => {
  stream.follow("experiments/1", vi.fn())();
  settle();
  expect(sources).toEqual([]);
  const stop = stream.follow("experiments/1", vi.fn());
  settle();
  stop();
  stream.follow("experiments/1", vi.fn());
  settle();
  expect(sources.map((s) => s.closed)).toEqual([false]);
});

test("closed while hidden; what was missed counts as changed", () => {
  const heard = vi.fn();
  stream.follow("experiments/1", heard);
  settle();
  last().fire("ready");
  hidden = true;
  visibility();
  settle();
  expect(last().closed).toBe(true);
  hidden = false;
  visibility();
  settle();
  expect(heard).not.toHaveBeenCalled();
  last().fire("ready");
  expect(heard).toHaveBeenCalledTimes(1);
});

test("after a broken connection too, and given up after five", () => {
  const heard = vi.fn();
  stream.follow("experiments/1", heard);
  settle();
  last().fire("error");
  last().fire("ready");
  expect(heard).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 5; i += 1) last().fire("error");
  expect(last().closed).toBe(true);
  last().fire("changed", "not an object");
  expect(heard).toHaveBeenCalledTimes(1);
});
