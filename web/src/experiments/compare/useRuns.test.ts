import { beforeEach, describe, expect, test, vi } from "vitest";
import { get, post } from "../../api/client";
import type { Run } from "../types";
import { readRuns } from "./useRuns";

vi.mock("../../api/client", () => ({ mlflow: "/m", get: vi.fn(), post: vi.fn() }));

const idOf = (n: number) => n.toString(16).padStart(32, "0");
const run = (id: string, experiment: string): Run => ({ info: { run_id: id, experiment_id: experiment, status: "FINISHED", lifecycle_stage: "active" }, data: {} });

/** Runs by ID, with the experiment of each. */
let server: Map<string, string>;

beforeEach(() => {
  server = new Map([1, 2, 3].map((n) => [idOf(n), "7"]));
  server.set(idOf(4), "8");
  vi.mocked(get).mockReset();
  vi.mocked(post).mockReset();
  vi.mocked(get).mockImplementation((_, params) => {
    const id = String((params as { run_id?: string } | undefined)?.run_id);
    const experiment = server.get(id);
    return experiment ? Promise.resolve({ run: run(id, experiment) }) : Promise.reject(new Error(`no ${id}`));
  });
  vi.mocked(post).mockImplementation((_, body) => {
    const { filter, experiment_ids } = body as { filter: string; experiment_ids: string[] };
    const named = [...filter.matchAll(/'([^']*)'/g)].map((m) => m[1] ?? "");
    return Promise.resolve({ runs: named.filter((id) => server.get(id) === experiment_ids[0]).map((id) => run(id, experiment_ids[0] ?? "")) });
  });
});

const read = async (...ids: string[]) => {
  const { runs, missing } = await readRuns(ids, new AbortController().signal);
  return { runs: runs.map(({ info }) => info.run_id), missing: missing.map(({ id }) => id) };
};

describe("runs to compare", () => {
  test("of one experiment take two questions", async () => {
    expect(await read(idOf(3), idOf(1), idOf(2))).toEqual({ runs: [idOf(3), idOf(1), idOf(2)], missing: [] });
    expect([vi.mocked(get).mock.calls.length, vi.mocked(post).mock.calls.length]).toEqual([1, 1]);
  });

  test("those of other experiments, and those that are none, are asked for one by one", async () => {
    expect(await read(idOf(1), "x' OR 'y", idOf(4), idOf(9), idOf(2))).toEqual({ runs: [idOf(1), idOf(4), idOf(2)], missing: ["x' OR 'y", idOf(9)] });
    expect(vi.mocked(post).mock.calls[0]?.[1]).toMatchObject({ filter: `attributes.run_id IN ('${idOf(4)}', '${idOf(9)}', '${idOf(2)}')`, run_view_type: "ALL" });
  });

  test("all are read when the first one or the search fails", async () => {
    expect(await read("none", idOf(1), idOf(2))).toEqual({ runs: [idOf(1), idOf(2)], missing: ["none"] });
    expect(post).not.toHaveBeenCalled();
    vi.mocked(post).mockRejectedValue(new Error("no"));
    expect(await read(idOf(1), idOf(2))).toEqual({ runs: [idOf(1), idOf(2)], missing: [] });
  });
});
