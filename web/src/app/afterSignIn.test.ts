import { expect, test } from "vitest";
import { afterSignIn, nextOf } from "./afterSignIn";

const at = (pathname: string, search = "") => ({ pathname, search });
const plain = { search: "", hash: "" };

test.each([
  ["stays at the page that was wanted", at("/experiments/1"), plain, { to: undefined }],
  ["leads home from /sign-in", at("/sign-in"), plain, { to: "/" }],
  ["leads home with a used link", at("/sign-in", "?link=CODE"), plain, { to: "/" }],
  ["follows next", at("/sign-in", "?next=/models/churn"), plain, { to: "/models/churn" }],
  ["not out of here", at("/sign-in", "?next=//evil.example"), plain, { to: "/" }],
  ["nor with a scheme", at("/sign-in", "?next=https://evil.example"), plain, { to: "/" }],
  ["nor in a circle", at("/sign-in", "?next=/sign-in"), plain, { to: "/" }],
  ["leads to MLflow's pages", at("/sign-in", "?next=mlflow"), plain, { outside: "/mlflow/" }],
  ["goes on with a program's login", at("/sign-in", "?next=oauth%3Fclient_id%3Da%26state%3D1"), plain, { outside: "/oidc/v1/authorize?client_id=a&state=1" }],
  ["with the hash kept", at("/experiments/1"), { search: "?next=mlflow", hash: "#/experiments/1" }, { outside: "/mlflow/#/experiments/1" }],
])("%s", (_, page, window, want) => {
  expect(afterSignIn(page, window)).toEqual(want);
});

test.each([
  ["the page that was wanted", at("/experiments/1", "?tab=runs"), plain, "/experiments/1?tab=runs"],
  ["the start page needs no word", at("/"), plain, ""],
  ["nor does /sign-in", at("/sign-in", "?link=CODE"), plain, ""],
  ["next", at("/sign-in", "?next=/models/churn"), plain, "/models/churn"],
  ["not out of here", at("/sign-in", "?next=//evil.example"), plain, ""],
  ["MLflow's pages, with the hash", at("/experiments/1"), { search: "?next=mlflow", hash: "#/experiments/1" }, "mlflow#/experiments/1"],
  ["MLflow's pages", at("/sign-in", "?next=mlflow"), plain, "mlflow"],
  ["a program's login", at("/sign-in", "?next=oauth%3Fclient_id%3Da%26state%3D1"), plain, "oauth?client_id=a&state=1"],
])("a provider leads back to: %s", (_, page, window, want) => {
  expect(nextOf(page, window)).toBe(want);
});
