import { expect, test } from "vitest";
import { readKey, type Command, type KeyState } from "./keys";

function typed(keys: string, pause = 100, modified = false): (Command | undefined)[] {
  let state: KeyState = { pending: undefined, at: 0 };
  return Array.from(keys, (key, i) => {
    const read = readKey(state, { key, modified, at: 1000 + i * pause });
    state = read.state;
    return read.command;
  });
}

test.each([
  ["gh", { go: "/" }],
  ["gw", { go: "/workspace" }],
  ["ge", { go: "/experiments" }],
  ["gm", { go: "/models" }],
  ["gr", { go: "/requests" }],
  ["ga", { go: "/audit" }],
  ["/", { open: "palette" }],
  ["?", { open: "shortcuts" }],
  ["xgm", { go: "/models" }],
  ["gz", undefined],
  ["m", undefined],
  ["gzm", undefined],
])("%s", (keys, want) => {
  expect(typed(keys).at(-1)).toEqual(want);
});

test("g waits a second only", () => {
  expect(typed("gm", 2000)).toEqual([undefined, undefined]);
});

test("keys with Ctrl are the browser's", () => {
  expect(typed("gm", 100, true)).toEqual([undefined, undefined]);
});
