import { describe, expect, it } from "vitest";
import { bytesSentence, runDifferences } from "./difference";

describe("runDifferences", () => {
  it("lists what differs, metrics first", () => {
    const before = { params: [{ key: "c", value: "1" }, { key: "solver", value: "lbfgs" }], metrics: [{ key: "acc", value: 0.5 }, { key: "loss", value: 2 }] };
    const after = { params: [{ key: "c", value: "2" }, { key: "solver", value: "lbfgs" }], metrics: [{ key: "acc", value: 0.75 }, { key: "f1", value: 1 }] };
    expect(runDifferences(before, after)).toEqual([
      { what: "metric", key: "acc", before: "0.5", after: "0.75", by: 0.25 },
      { what: "metric", key: "f1", before: undefined, after: "1", by: undefined },
      { what: "metric", key: "loss", before: "2", after: undefined, by: undefined },
      { what: "param", key: "c", before: "1", after: "2" },
    ]);
  });

  it("takes NaN for equal to itself", () => {
    const run = { params: [], metrics: [{ key: "acc", value: NaN }] };
    expect(runDifferences(run, run)).toEqual([]);
  });
});

describe("bytesSentence", () => {
  it.each([
    ["aa", "aa", "The bytes are those of version 2: both have the same digest."],
    ["aa", "bb", "The bytes differ: the digests are not the same."],
    ["", "bb", "One of the two has no digest, so the bytes cannot be compared."],
  ])("%s and %s", (production, asked, want) => {
    expect(bytesSentence({ version: "2", digest: production }, { digest: asked })).toBe(want);
  });
});
