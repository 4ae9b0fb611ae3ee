import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./fixtures";

// A server and a provider of their own: the suites' common world has no provider, and these people come and go.
const admin = "dapi-oidc-administrator-0123456789abcdef";
const secret = "the-secret-of-the-client-0123456789";
const people = {
  ann: { preferred_username: "ann@example.org", name: "Ann", groups: ["ml", "elsewhere"], roles: ["stage-approver"] },
  mallory: { preferred_username: "admin", name: "Mallory", groups: ["boss"] },
};

let folder = "";
let base = "";
let issuer = "";
const children: ChildProcess[] = [];

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** Starts a program and gives the first line of its output that fits. */
async function start(program: string, args: string[], env: NodeJS.ProcessEnv, fits: RegExp): Promise<string> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env });
  children.push(child);
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-5000)));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!fits.test(line)) continue;
    child.stdout.resume();
    return line;
  }
  throw new Error(`${program} ended:\n${said}`);
}

test.beforeAll(async () => {
  const binary = process.env.BAILIWICK_TEST_BINARY;
  if (!binary) throw new Error("BAILIWICK_TEST_BINARY must name the server; run the suites by scripts/console browser");
  folder = await mkdtemp(join(tmpdir(), "bailiwick-oidc-"));
  base = `http://127.0.0.1:${String(await freePort())}`;
  const wish = { redirect: `${base}/login/oidc/test/callback`, logout: `${base}/login/oidc/test/logout`, secret, people };
  const told = await start(process.execPath, ["e2e/provider.mjs", JSON.stringify(wish)], process.env, /^\{"issuer"/);
  issuer = (JSON.parse(told) as { issuer: string }).issuer;
  const providers = [{
    name: "test", title: "Example Inc.", issuer, "client-id": "bailiwick", "client-secret-env": "TEST_OIDC_SECRET", "create-users": true,
    "link-users": true, groups: { ml: "ml-team" },
  }];
  await writeFile(join(folder, "providers.json"), JSON.stringify({ providers }));
  await start(binary, ["serve", "--listen", base.replace("http://", ""), "--data", join(folder, "data"), "--oidc-providers",
    join(folder, "providers.json"), "--oidc-allow", "127.0.0.1"], { PATH: process.env.PATH, BAILIWICK_ADMIN_TOKEN: admin, TEST_OIDC_SECRET: secret }, / serves /);
});

test.afterAll(async () => {
  for (const child of children) {
    child.stdin?.end();
    child.kill("SIGTERM");
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Opens an address of the console, and signs in at the provider as somebody. */
async function signIn(page: Page, who: string, at: string): Promise<void> {
  await page.route("https://fonts.googleapis.com/**", (route) => route.abort()); // the provider's own form would ask for it
  await page.goto("about:blank"); // the same address with another hash is no new visit
  await page.goto(`${base}/#${at}`);
  await page.getByRole("link", { name: "Sign in with Example Inc." }).click();
  const form = page.getByPlaceholder("Enter any login");
  const back = page.waitForURL((url) => url.origin === base);
  // Whoever is signed in there already is only asked whether he agrees, or not at all.
  while (!page.url().startsWith(base)) {
    const next = page.locator("button[type=submit]").first();
    await Promise.race([next.waitFor(), back]);
    if (page.url().startsWith(base)) break;
    if (await form.isVisible()) {
      await form.fill(who);
      await page.getByPlaceholder("and password").fill("any");
    }
    const before = page.url();
    await next.click();
    await page.waitForURL((url) => url.href !== before);
  }
  await back;
}

interface Viewer {
  user: { id: string; name: string };
  groups: string[];
  administrator: boolean;
}

/** What the server says of who looks at a page; null for nobody. */
async function viewer(page: Page): Promise<Viewer | null> {
  const answer = await page.context().request.get(`${base}/api/governance/1.0/session`);
  return answer.ok() ? ((await answer.json()) as Viewer) : null;
}

async function asAdmin(page: Page, method: string, path: string, data: unknown): Promise<void> {
  const answer = await page.context().request.fetch(base + path, { method, data, headers: { Authorization: `Bearer ${admin}` } });
  expect(answer.ok(), await answer.text()).toBe(true);
}

test.describe.configure({ mode: "serial" });

test("a person signs in, comes to the page that was wanted, and has exactly the groups that the claims give", async ({ page }) => {
  await page.goto(`${base}/#/models`);
  await expect(page.getByRole("link", { name: "Sign in with Example Inc." })).toBeVisible();
  await expectAccessible(page, "sign-in page with a provider");
  await signIn(page, "ann", "/models");
  await expect(page.getByRole("heading", { level: 1, name: "Models" })).toBeVisible();
  expect(page.url()).toBe(`${base}/#/models`);
  const me = await viewer(page);
  expect(me?.user.name).toBe("ann@example.org");
  expect(me?.groups.toSorted()).toEqual(["ml-team", "users"]);
  await page.goto(`${base}/#/account`);
  await expect(page.getByRole("cell", { name: "with test" }).first()).toBeVisible();
});

test("signing out at the provider ends the session here", async ({ page }) => {
  await signIn(page, "ann", "/models");
  await expect(page.getByRole("heading", { level: 1, name: "Models" })).toBeVisible();
  expect(await viewer(page)).not.toBeNull();
  await page.goto(`${issuer}/session/end`);
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await expect.poll(() => viewer(page)).toBeNull();
});

test("who is deactivated is out at once, and told why when he comes again", async ({ page }) => {
  await signIn(page, "ann", "/models");
  await expect(page.getByRole("heading", { level: 1, name: "Models" })).toBeVisible();
  const me = await viewer(page);
  await asAdmin(page, "PATCH", `/api/2.0/preview/scim/v2/Users/${me?.user.id ?? ""}`, {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [{ op: "replace", path: "active", value: false }],
  });
  expect(await viewer(page)).toBeNull();
  await signIn(page, "ann", "/models");
  await expect(page.getByRole("alert")).toContainText("ann@example.org is not active on this server");
  await expectAccessible(page, "sign-in page with a reason");
  await page.reload();
  await expect(page.getByRole("link", { name: "Sign in with Example Inc." })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("nobody becomes the administrator by his name", async ({ page }) => {
  await signIn(page, "mallory", "/");
  await expect(page.getByRole("alert")).toContainText("admin is an administrator who has not signed in with Example Inc. before");
  expect(await viewer(page)).toBeNull();
});
