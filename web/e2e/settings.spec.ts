import { readFile } from "node:fs/promises";
import type { Browser, Page } from "@playwright/test";
import { call, expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, type Guard, type PersonName, type World } from "./fixtures";
import { receiver, test } from "./own";

const scim = "/api/2.0/preview/scim/v2";
const hostile = "<img src=x onerror=\"document.title='owned'\"></script>";

/** The status that somebody's token gets. */
async function status(page: Page, world: World, token: string, method: string, path: string, data?: unknown): Promise<number> {
  const answer = await page.context().request.fetch(world.url + path, { method, headers: { Authorization: `Bearer ${token}` }, ...(data === undefined ? {} : { data }) });
  return answer.status();
}

const makes = (page: Page, world: World, who: PersonName, path: string) => status(page, world, world.people[who].token, "POST", "/api/2.0/workspace/mkdirs", { path });

const row = (page: Page, table: string, name: string) => page.getByRole("table", { name: table, exact: true }).getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });

async function choose(page: Page, of: string, entry: string): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${of}`, exact: true }).press("Enter");
  await page.getByRole("menuitem", { name: entry, exact: true }).press("Enter");
}

/** A browser of its own, in which nobody is signed in. */
async function stranger(browser: Browser, guard: Guard, world: World): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await guard.watch(context, world.url);
  return context.newPage();
}

test("access control is switched off and on, with what that does spelled out before", async ({ as, world }) => {
  const page = await as("admin", "/settings/access-control");
  expect(await makes(page, world, "reader", "/before")).toBe(403);
  await page.getByRole("button", { name: "Switch off…", exact: true }).press("Enter");
  const off = page.getByRole("dialog", { name: "Switch access control off" });
  await expect(off).toContainText("Everybody gets Can edit on the whole tree");
  await expect(off.getByRole("list", { name: "Who gains and who loses" })).toContainText(world.people.reader.name);
  await expectAccessible(page);
  await shoot(page, "settings-control-off");
  await page.keyboard.press("Escape");
  expect(await makes(page, world, "reader", "/before")).toBe(403);

  await page.getByRole("button", { name: "Switch off…", exact: true }).press("Enter");
  await off.getByRole("button", { name: "Switch off" }).press("Enter");
  await expect(off).toHaveCount(0);
  await expect(page.getByText("Everybody may edit the tree and manage all models.")).toBeVisible();
  expect(await makes(page, world, "reader", "/open")).toBe(200);

  await page.getByRole("button", { name: "Switch on…", exact: true }).press("Enter");
  const on = page.getByRole("dialog", { name: "Switch access control on" });
  await expect(on).toContainText("everybody gets Can manage there");
  await expect(on).toContainText("/open");
  await expectAccessible(page);
  await shoot(page, "settings-control-on");
  await on.getByRole("button", { name: "Switch on" }).press("Enter");
  await expect(on).toHaveCount(0);
  expect(await makes(page, world, "reader", "/after")).toBe(403);
  expect(await makes(page, world, "stranger", "/open/mine")).toBe(200);
});

test("the other switches hold at once, and a token's life has its limit", async ({ as, world }) => {
  const page = await as("admin", "/settings/access-control");
  for (const [title, key] of [["Hide what a person may not view", "enforceWorkspaceViewAcls"], ["Two persons for Production", "requireTwoPersonsForProduction"]] as const) {
    const conf = async () => ((await call(page, world, "admin", "GET", `/api/2.0/workspace-conf?keys=${key}`)) as Record<string, string | null>)[key];
    const before = await conf();
    await page.getByRole("button", { name: new RegExp(`^Switch (on|off): ${title}`) }).press("Enter");
    const asks = page.getByRole("alertdialog");
    await expect(asks.getByRole("button", { name: "Cancel" })).toBeFocused();
    await expectAccessible(page);
    await asks.getByRole("button", { name: /^Switch/ }).press("Enter");
    await expect(asks).toHaveCount(0);
    expect(await conf()).toBe(before === "true" ? "false" : "true");
  }
  await page.getByRole("spinbutton", { name: "Days" }).or(page.getByRole("textbox", { name: "Days" })).fill("30");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await expect(page.getByText("The longest life of new tokens was set.")).toBeVisible();
  expect(await status(page, world, world.people.ada.token, "POST", "/api/2.0/token/create", { lifetime_seconds: 40 * 86_400 })).toBe(400);
  expect(await status(page, world, world.people.ada.token, "POST", "/api/2.0/token/create", { lifetime_seconds: 20 * 86_400 })).toBe(200);
  await shoot(page, "settings-control");
});

test("who is no administrator sees the settings' controls refused, with the reason", async ({ as }) => {
  const page = await as("reader", "/settings/access-control");
  const off = page.getByRole("button", { name: "Switch off…", exact: true });
  await expect(off).toHaveAttribute("aria-disabled", "true");
  await off.press("Enter");
  await expect(page.getByRole("dialog", { name: /Why you may not/ })).toContainText("No level on the object gives this");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Users" }).press("Enter");
  await expect(page.getByRole("button", { name: "Create user" })).toHaveAttribute("aria-disabled", "true");
  await page.getByRole("tab", { name: "Backups" }).press("Enter");
  await expect(page.getByRole("alert")).toContainText(/administrator/i);
});

test("a user is made, comes in by his link, is kept out and let in again", async ({ as, world, browser, guard }) => {
  test.setTimeout(120_000);
  const page = await as("admin", "/settings/users");
  await page.getByRole("button", { name: "Create user" }).press("Enter");
  await page.getByRole("textbox", { name: /User name/ }).fill("nina@example.com");
  await page.getByRole("textbox", { name: "Display name" }).fill("Nina");
  await expectAccessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).press("Enter");
  await page.getByRole("dialog", { name: "Sign-in link" }).getByRole("button", { name: "Make a link" }).press("Enter");
  const shown = page.getByRole("dialog").locator("code", { hasText: "/login/" });
  await expect(shown).toBeVisible();
  await shoot(page, "settings-link");
  const link = await shown.innerText();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(row(page, "Users", "nina@example.com")).toContainText("Active");

  const other = await stranger(browser, guard, world);
  await other.goto(link.trim());
  await other.getByRole("button", { name: "Sign in with this link" }).press("Enter");
  await expect(other.getByRole("button", { name: /Account of nina/ })).toBeVisible();

  await page.bringToFront();
  await choose(page, "nina@example.com", "Deactivate");
  await expect(page.getByRole("alertdialog")).toContainText("Tokens and sessions stop counting at once");
  await expectAccessible(page);
  await shoot(page, "settings-deactivate");
  await page.getByRole("alertdialog").getByRole("button", { name: "Deactivate" }).press("Enter");
  await expect(row(page, "Users", "nina@example.com")).toContainText("Not active");
  await other.getByRole("link", { name: "Models" }).press("Enter");
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(/sign in/i);

  await choose(page, "nina@example.com", "Activate");
  await page.getByRole("alertdialog").getByRole("button", { name: "Activate" }).press("Enter");
  await expect(row(page, "Users", "nina@example.com")).not.toContainText("Not active");
  await other.context().close();
});

test("a group is made, and its members come and go", async ({ as, world }) => {
  const page = await as("admin", "/settings/groups");
  await page.getByRole("button", { name: "Create group" }).press("Enter");
  await page.getByRole("textbox", { name: /Name/ }).fill("reviewers");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Members of reviewers" }).press("Enter");
  const drawer = page.getByRole("dialog", { name: "Members of reviewers" });
  await expect(drawer.getByText("Nobody is in this group")).toBeVisible();
  await drawer.getByRole("combobox", { name: "Add a member" }).fill("max");
  await page.getByRole("option", { name: /max@example.com/ }).click();
  await drawer.getByRole("button", { name: "Add", exact: true }).press("Enter");
  await expect(drawer.getByRole("table")).toContainText("max@example.com");
  await expectAccessible(page);
  await shoot(page, "settings-members");
  const groups = async () => ((await call(page, world, "admin", "GET", `${scim}/Groups?filter=${encodeURIComponent('displayName eq "reviewers"')}`)) as { Resources: { members?: { display: string }[] }[] }).Resources;
  expect((await groups())[0]?.members?.map((m) => m.display)).toEqual(["max@example.com"]);
  await drawer.getByRole("button", { name: "Take max@example.com out of reviewers" }).press("Enter");
  await expect(drawer.getByText("Nobody is in this group")).toBeVisible();
  expect((await groups())[0]?.members ?? []).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await page.getByRole("button", { name: "Create group" }).press("Enter");
  await page.getByRole("textbox", { name: /Name/ }).fill("reviewers");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("reviewers");
});

test("a service principal is made, gets a token that is shown once, and is kept out", async ({ as, world }) => {
  const page = await as("admin", "/settings/service-principals");
  await page.getByRole("button", { name: "Create service principal" }).press("Enter");
  await page.getByRole("textbox", { name: /Name/ }).fill("nightly");
  await page.keyboard.press("Enter");
  await expect(row(page, "Service principals", "nightly")).toContainText("Active");
  await choose(page, "nightly", "Make a token");
  await page.getByRole("textbox", { name: "For" }).fill("CI");
  await page.getByRole("button", { name: "Make the token" }).press("Enter");
  await expect(page.getByText("This is the only time that the token is shown.")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "settings-token");
  const token = (await page.getByRole("dialog").locator("code").innerText()).trim();
  await page.getByRole("button", { name: "Done" }).press("Enter");
  await expect(page.getByText(token)).toHaveCount(0);
  expect(await status(page, world, token, "GET", `${scim}/Me`)).toBe(200);
  await choose(page, "nightly", "Deactivate");
  await page.getByRole("alertdialog").getByRole("button", { name: "Deactivate" }).press("Enter");
  await expect(row(page, "Service principals", "nightly")).toContainText("Not active");
  expect(await status(page, world, token, "GET", `${scim}/Me`)).toBeGreaterThanOrEqual(401);
});

test("a webhook is made, tested, called, and its deliveries are told", async ({ as, world }) => {
  const hook = await receiver();
  const page = await as("admin", "/settings/webhooks");
  await page.getByRole("button", { name: "Create webhook" }).press("Enter");
  await page.getByRole("textbox", { name: /Address/ }).fill("http://10.1.2.3/x");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).press("Enter");
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await shoot(page, "settings-webhook-refused");
  await page.getByRole("textbox", { name: /Address/ }).fill(hook.url);
  await page.getByRole("textbox", { name: "Description" }).fill("to the test");
  await page.getByLabel(/^Secret/).fill("s3cret");
  await page.getByRole("dialog").getByText("registered model created").click();
  await expectAccessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).press("Enter");
  await expect(row(page, "Webhooks", hook.url)).toContainText("active");

  await choose(page, hook.url, "Send a test");
  await expect(page.getByText("The receiver answered 200.")).toBeVisible();
  expect(hook.got).toHaveLength(1);
  await call(page, world, "ada", "POST", "/api/2.0/mlflow/registered-models/create", { name: "hooked" });
  await expect.poll(() => hook.got.length).toBe(2);
  expect(hook.got[1]?.body).toContain("hooked");
  await page.getByRole("button", { name: `Deliveries to ${hook.url}` }).press("Enter");
  const log = page.getByRole("dialog", { name: "Deliveries" });
  await expect(log.getByRole("table")).toContainText("delivered");
  await log.getByRole("button", { name: "registered model created" }).first().press("Enter");
  await expect(log.locator("pre, code").filter({ hasText: "hooked" }).first()).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "settings-deliveries");
  await log.getByRole("button", { name: "Send REGISTERED_MODEL_CREATED again" }).first().press("Enter");
  await expect.poll(() => hook.got.length).toBe(3);
  await page.keyboard.press("Escape");
  await expect(log).toHaveCount(0);

  await choose(page, hook.url, "Disable");
  await expect(row(page, "Webhooks", hook.url)).toContainText("disabled");
  await choose(page, hook.url, "Delete");
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).press("Enter");
  await expect(page.getByText("No webhooks")).toBeVisible();
  hook.close();
});

test("a backup is made, checked, downloaded with the line that restores it, and deleted", async ({ as }) => {
  const page = await as("admin", "/settings/backups");
  await expect(page.getByText("No backup yet")).toBeVisible();
  await page.getByRole("button", { name: "Back up now" }).press("Enter");
  const table = page.getByRole("table", { name: "Backups" });
  await expect(table).toContainText("verified");
  await expectAccessible(page);
  await shoot(page, "settings-backup");
  const name = (await table.getByRole("rowheader").innerText()).trim();
  await expect(page.getByText(`bailiwick restore --from bailiwick-${name}.tar --data`)).toBeVisible();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Download ${name}` }).press("Enter")]);
  expect(saved.suggestedFilename()).toBe(`bailiwick-${name}.tar`);
  const bytes = await readFile(await saved.path());
  expect(bytes.subarray(257, 262).toString()).toBe("ustar");
  await page.getByRole("button", { name: `Delete ${name}` }).press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).press("Enter");
  await expect(page.getByText("No backup yet")).toBeVisible();
});

test("a wheel that is none is refused with the reason, and nothing is served", async ({ as }) => {
  const page = await as("admin", "/settings/mlflow-ui");
  await expect(page.getByText("No pages yet")).toBeVisible();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Send a wheel" }).press("Enter")]);
  await chooser.setFiles({ name: "mlflow-3.17.2-py3-none-any.whl", mimeType: "application/zip", buffer: Buffer.from("no archive") });
  await expect(page.getByRole("alert")).toContainText(/archive|wheel/);
  await expect(page.getByText("No pages yet")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "settings-mlflow-ui-none");
});

test("names of people, groups and webhooks that mean harm are only names", async ({ as, world }) => {
  const page = await as("admin"); // a list that is open when somebody else changes it is as it was
  const core = "urn:ietf:params:scim:schemas:core:2.0:";
  const long = "w".repeat(120);
  const admin = (path: string, data: unknown) => call(page, world, "admin", "POST", path, data);
  await admin(`${scim}/Users`, { schemas: [`${core}User`], userName: "mallory@example.com", displayName: `${hostile} ${long}` });
  await admin(`${scim}/Users`, { schemas: [`${core}User`], userName: `${long}@example.com`, displayName: "javascript:alert(1)" });
  await admin(`${scim}/Groups`, { schemas: [`${core}Group`], displayName: `${hostile} ${long}` });
  await admin(`${scim}/ServicePrincipals`, { schemas: [`${core}ServicePrincipal`], displayName: `${hostile} ${long}` });
  await admin("/api/2.0/mlflow/registry-webhooks/create", {
    events: ["REGISTERED_MODEL_CREATED"], description: hostile, http_url_spec: { url: `https://hooks.example.com/${encodeURIComponent(hostile)}/${long}` },
  });
  for (const [section, text] of [["users", "mallory@example.com"], ["groups", "onerror"], ["service-principals", "onerror"], ["webhooks", "hooks.example.com"]] as const) {
    await page.setViewportSize({ width: 390, height: 900 });
    await page.goto(`${world.url}/#/settings/${section}`);
    await expect(page.getByRole("table").first()).toContainText(text);
    await expectNoOverflow(page);
    await expectUnowned(page);
    await shoot(page, `settings-hostile-${section}`);
  }
});
