import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { renewObject } from "./live";

test("a change renews what names the object, and nothing else", () => {
  const client = new QueryClient();
  const keys = [["/object", { object: "experiments/1" }], ["/lineage", {}, "experiments/1"], ["/object", { object: "experiments/12" }], ["/home", {}]];
  for (const key of keys) client.setQueryData(key, 1);
  renewObject(client, "experiments/1");
  expect(keys.map((key) => client.getQueryState(key)?.isInvalidated)).toEqual([true, true, false, false]);
});
