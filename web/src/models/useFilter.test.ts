import { describe, expect, it } from "vitest";
import { orderOf, sortOf, sortText } from "./useFilter";

describe("sort in the address", () => {
  it.each([
    ["", { key: "name", direction: "ascending" }, "name"],
    ["name-", { key: "name", direction: "descending" }, "name DESC"],
    ["modified", { key: "modified", direction: "ascending" }, "last_updated_timestamp"],
    ["modified-", { key: "modified", direction: "descending" }, "last_updated_timestamp DESC"],
    ["constructor", { key: "name", direction: "ascending" }, "name"],
  ])("%s", (text, sort, order) => {
    expect(sortOf(text)).toEqual(sort);
    expect(orderOf(sortOf(text))).toBe(order);
    if (text !== "" && text !== "constructor") expect(sortText(sortOf(text))).toBe(text);
  });
});
