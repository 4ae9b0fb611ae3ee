import { expect, test } from "vitest";
import { problemIn } from "./signInProblem";

test.each([
  ["nothing", "a=b; c=d", null],
  ["a reason among others", "a=b; bailiwick_sign_in_problem=ann%20is%20not%20active%3B%20ask; c=d", "ann is not active; ask"],
  ["an empty one", "bailiwick_sign_in_problem=", null],
  ["what cannot be read", "bailiwick_sign_in_problem=%E0%A4%A", null],
  ["another's name", "xbailiwick_sign_in_problem=x", null],
])("%s", (_, cookies, want) => {
  expect(problemIn(cookies)).toBe(want);
});
