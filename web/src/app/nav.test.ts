import { expect, test } from "vitest";
import { isCurrent } from "./nav";

test.each([
  ["/", "/", true],
  ["/", "/models", false],
  ["/models", "/models/churn/versions/3", true],
  ["/models", "/modelsx", false],
  ["/workspace", "/notebooks/7", true],
  ["/experiments", "/compare", true],
  ["/settings/access-control", "/settings/users", true],
])("%s at %s: %s", (to, at, want) => {
  expect(isCurrent(to, at)).toBe(want);
});
