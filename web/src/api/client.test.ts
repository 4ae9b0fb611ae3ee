import { afterEach, expect, test, vi } from "vitest";
import { address, ApiError, call, failure, get, nameFrom, onSignedOut, post, put, setCsrf } from "./client";

test.each([
  ["/home", undefined, "/api/governance/1.0/home"],
  ["/tree", { path: "/Users/a b", page_token: undefined, max_results: 50 }, "/api/governance/1.0/tree?path=%2FUsers%2Fa+b&max_results=50"],
  ["/ajax-api/2.0/mlflow/runs/get", { run_id: "a" }, "/ajax-api/2.0/mlflow/runs/get?run_id=a"],
  ["/search?q=x", { kinds: ["a", "b"] }, "/api/governance/1.0/search?q=x&kinds=a&kinds=b"],
])("%s", (path, params, want) => {
  expect(address(path, params)).toBe(want);
});

test("errors of every protocol", () => {
  const refused = failure(403, "Forbidden", '{"error_code":"PERMISSION_DENIED","message":"no","refusal":{"ability":"log-runs","title":"Log"}}');
  expect(refused).toMatchObject({ status: 403, code: "PERMISSION_DENIED", message: "no", refusal: { ability: "log-runs" } });
  expect(failure(400, "", '{"detail":"bad filter"}').message).toBe("bad filter");
  expect(failure(502, "Bad Gateway", "<html>")).toMatchObject({ code: "HTTP_502", message: "The server answered 502 Bad Gateway." });
  expect(failure(400, "", '{"message":"m","details":["one"]}').details).toEqual(["one"]);
});

test.each([
  ['attachment; filename="a b.csv"', "a b.csv"],
  ["attachment; filename*=UTF-8''na%C3%AFve.json; filename=x", "naïve.json"],
  ["inline", undefined],
  [null, undefined],
])("file name of %s", (header, want) => {
  expect(nameFrom(header)).toBe(want);
});

function answer(status: number, body: string, headers: Record<string, string> = {}) {
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(() => Promise.resolve(new Response(body, { status, headers })));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

afterEach(() => vi.unstubAllGlobals());

const sent = (fetch: ReturnType<typeof answer>) => {
  const [, init] = fetch.mock.calls[0] ?? [];
  return { ...init, headers: Object.fromEntries(new Headers(init?.headers)) };
};

test("changes carry the CSRF token, the body as JSON and the ETag", async () => {
  setCsrf("proof");
  const fetch = answer(200, '{"ok":true}', { ETag: '"2"' });
  expect(await call("PUT", "/permissions/experiments/1", { body: { a: 1 }, ifMatch: '"1"' })).toEqual({ body: { ok: true }, etag: '"2"' });
  expect(sent(fetch)).toMatchObject({
    method: "PUT",
    body: '{"a":1}',
    credentials: "same-origin",
    headers: { "x-csrf-token": "proof", "if-match": '"1"', "content-type": "application/json" },
  });
});

test("reads carry none, and empty answers are nothing", async () => {
  const fetch = answer(200, "");
  expect(await get("/home")).toBeUndefined();
  expect(sent(fetch).headers).not.toHaveProperty("x-csrf-token");
});

test("a body of its own kind is sent as it stands", async () => {
  const fetch = answer(200, "{}");
  await post("/mlflow-ui", new Blob(["x"]));
  expect(sent(fetch).body).toBeInstanceOf(Blob);
  expect(fetch.mock.calls[0]?.[0]).toBe("/api/governance/1.0/mlflow-ui"); // not one of MLflow's own addresses
});

test("401 is told to whoever listens", async () => {
  const heard = vi.fn();
  const stop = onSignedOut(heard);
  answer(401, '{"error_code":"UNAUTHENTICATED","message":"ended"}');
  await expect(put("/x")).rejects.toThrow("ended");
  stop();
  await expect(put("/x")).rejects.toBeInstanceOf(ApiError);
  expect(heard).toHaveBeenCalledTimes(1);
});

test("a server that cannot be reached", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(get("/home")).rejects.toMatchObject({ status: 0, code: "UNREACHABLE" });
});
