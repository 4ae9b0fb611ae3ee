import type { Browser, Page } from "@playwright/test";
import { call, expect, expectAccessible, expectNoOverflow, shoot, test, type Guard, type World } from "./fixtures";
import { api, ownFolder, row } from "./folder";
import { keys } from "./keys";

/** A browser in which nobody is signed in. */
async function nobody(browser: Browser, guard: Guard, world: World): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await guard.watch(context, world.url);
  return context.newPage();
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Access token").fill(token);
  await page.keyboard.press("Enter");
}

/** Opens the palette by its key and types; gives its results when they are there. */
async function search(page: Page, text: string) {
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Search or go to" });
  await expect(field).toBeFocused();
  await field.fill(text);
  await expect(page.getByRole("dialog").getByRole("status")).toHaveText(/found/i);
  return page.getByRole("listbox", { name: "Results" });
}

test("the palette finds by keyboard what the viewer may see", async ({ as, world }) => {
  const page = await as("reader");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const { notebook, modelName, experiment, run } = world.things;
  for (const [text, group, place] of [
    ["Explore", "Notebooks", `/notebooks/${notebook}`], ["churn", "Registered models", `/models/${modelName}`],
    ["churn", "Experiments", `/experiments/${experiment}`], [run, "Runs", `/experiments/${experiment}/runs/${run}`],
  ] as const) {
    const results = await search(page, text);
    const entry = results.getByRole("group", { name: group }).getByRole("option").first();
    await expect(entry).toBeVisible();
    for (let i = 0; i < 30 && (await entry.getAttribute("aria-selected")) !== "true"; i += 1) await page.keyboard.press("ArrowDown");
    await keys(page, "Enter");
    await expect.poll(() => new URL(page.url()).hash.split("?")[0]).toBe(`#${place}`);
    await expect(page.getByRole("main").getByRole("heading", { level: 1 })).toBeVisible();
  }
  await search(page, "churn");
  await expectAccessible(page);
  await shoot(page, "palette");
});

test("the palette finds nothing that the viewer may not see", async ({ as, world }) => {
  const page = await as("stranger");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  for (const text of ["Explore", "churn", "secret", "hidden", world.things.run, world.things.experiment]) {
    const results = await search(page, text);
    for (const group of ["Notebooks", "Experiments", "Registered models", "Runs", "Folders"]) await expect(results.getByRole("group", { name: group })).toHaveCount(0);
    await keys(page, "Escape");
    await expect(results).toHaveCount(0);
  }
});

test("links as MLflow and Databricks print them survive signing in", async ({ browser, guard, world }) => {
  const { experiment, run, notebook, model, modelName } = world.things;
  expect(model).not.toBe("");
  for (const [link, place, heading] of [
    [`/#/experiments/${experiment}/runs/${run}`, `/experiments/${experiment}/runs/${run}`, /depth|C=/],
    [`/#mlflow/experiments/${experiment}`, `/experiments/${experiment}`, "churn"],
    [`/#mlflow/models/${modelName}/versions/3`, `/models/${modelName}/versions/3`, /churn|Version 3/],
    [`/#notebook/${notebook}`, `/notebooks/${notebook}`, "Explore"],
    [`/ml/experiments/${experiment}/runs/${run}`, `/experiments/${experiment}/runs/${run}`, /depth|C=/],
  ] as const) {
    const page = await nobody(browser, guard, world);
    await page.goto(world.url + link);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/sign in/i);
    await signIn(page, world.people.ada.token);
    await expect(page.getByRole("main").getByRole("heading", { level: 1 })).toHaveText(heading);
    expect(new URL(page.url()).hash).toBe(`#${place}`);
    await page.context().close();
  }
});

test("the theme is kept", async ({ as }) => {
  const page = await as("reader");
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole("button", { name: "Theme" }).press("Enter");
  await page.getByRole("menuitem", { name: "Dark" }).press("Enter");
  await expect.poll(theme).toBe("dark");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await theme()).toBe("dark");
  await search(page, "switch to the light");
  await keys(page, "Enter");
  await expect.poll(theme).toBe("light");
});

test("what somebody else does appears by itself", async ({ as, world }) => {
  const page = await as("reader");
  const folder = await ownFolder(page, world, "live");
  await folder.make("first");
  await folder.give("", "reader", "CAN_READ");
  const streamed = page.waitForResponse((answer) => answer.url().includes("/changes?") && answer.ok());
  await page.goto(folder.address());
  await expect(row(page, "first")).toBeVisible();
  await streamed;
  await page.evaluate(() => { document.body.dataset.same = "page"; });
  await folder.make("second");
  await expect(row(page, "second")).toBeVisible();
  expect(await page.evaluate(() => document.body.dataset.same)).toBe("page");
  await expect(page.getByRole("button", { name: "Create folder" })).toHaveAttribute("aria-disabled", "true");
  await folder.give("", "reader", "CAN_MANAGE");
  await expect(page.getByRole("button", { name: "Create folder" })).not.toHaveAttribute("aria-disabled", "true");
});

test("a token is made, shown once, used, and revoked", async ({ as, world }) => {
  const page = await as("second", "/account");
  const comment = `laptop <img src=x onerror="document.title='owned'"> ${String(Date.now())}`;
  const use = (token: string) => page.context().request.get(`${world.url}/api/2.0/token/list`, { headers: { Authorization: `Bearer ${token}`, Cookie: "" } });
  await page.getByRole("button", { name: "New token" }).first().press("Enter");
  await page.getByRole("textbox", { name: "What it is for" }).fill(comment);
  await page.getByRole("button", { name: "Create token" }).press("Enter");
  const shown = page.getByRole("region", { name: "token", exact: true });
  await expect(shown).toHaveText(/^dapi/);
  await expectAccessible(page);
  await shoot(page, "account-token");
  const token = (await shown.innerText()).trim();
  await page.getByRole("button", { name: "I have copied it" }).press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText(token)).toHaveCount(0);
  expect((await use(token)).status()).toBe(200);
  await page.reload();
  await expect(page.getByText(comment)).toBeVisible();
  await expect(page.getByText(token)).toHaveCount(0);
  await page.getByRole("button", { name: `Revoke ${comment}` }).press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).press("Enter");
  await expect(page.getByText(comment)).toHaveCount(0);
  expect((await use(token)).status()).toBe(401);
});

test("signing out ends the session, here and for whoever kept its cookie", async ({ as, world }) => {
  const page = await as("stranger");
  const cookies = await page.context().cookies();
  await page.getByRole("button", { name: /^Account of/ }).press("Enter");
  await page.getByRole("menuitem", { name: "Sign out" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/sign in/i);
  await page.context().addCookies(cookies);
  expect((await page.context().request.get(`${world.url}/api/governance/1.0/session`)).status()).toBe(401);
  await page.goto(`${world.url}/#/models`);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/sign in/i);
});

test("a one-time link signs in once", async ({ browser, guard, world, as }) => {
  const admin = await as("admin");
  const made = (await call(admin, world, "admin", "POST", "/api/governance/1.0/login-links", { user_name: world.people.stranger.name })) as { login_link: string };
  const page = await nobody(browser, guard, world);
  await page.goto(made.login_link);
  await expect(page.getByRole("button", { name: "Sign in with this link" })).toBeFocused();
  await expectAccessible(page);
  await shoot(page, "sign-in-link");
  await keys(page, "Enter");
  await expect(page.getByRole("button", { name: `Account of ${world.people.stranger.name}` })).toBeVisible();
  await expect(page).not.toHaveURL(/link=/);
  const again = await nobody(browser, guard, world);
  await again.goto(made.login_link);
  await again.getByRole("button", { name: "Sign in with this link" }).press("Enter");
  await expect(again.getByRole("alert")).toContainText(/used|expired|unknown/i);
  await shoot(again, "sign-in-link-used");
  await Promise.all([page.context().close(), again.context().close()]);
});

test("at 320 px the menu opens, and nothing is cut off", async ({ as }) => {
  const page = await as("reader");
  await page.setViewportSize({ width: 320, height: 700 });
  await page.getByRole("button", { name: "Open the menu" }).press("Enter");
  const menu = page.getByRole("dialog", { name: "Menu" });
  await expect(menu.getByRole("link", { name: "Models" })).toBeVisible();
  await expectNoOverflow(page);
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/screens/menu-320.png" });
  await menu.getByRole("link", { name: "Models" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models");
  await expect(menu).toHaveCount(0);
});

test("an answer that does not come is told, and asked for again", async ({ as, world, guard }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "offline");
  await folder.make("there");
  await page.route("**/api/governance/1.0/tree?*", (route) => route.fulfill({ status: 429, json: { error_code: "QUOTA_EXCEEDED", message: "too many requests; try again in a minute" } }));
  await page.goto(folder.address());
  await expect(page.getByRole("alert")).toContainText("too many requests; try again in a minute");
  await expectAccessible(page);
  await shoot(page, "problem");
  await page.unroute("**/api/governance/1.0/tree?*");
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).press("Enter");
  await expect(row(page, "there")).toBeVisible();
  await page.route(`**${api}/mkdirs`, (route) => route.abort());
  await page.getByRole("button", { name: "Create folder" }).press("Enter");
  await page.getByRole("textbox", { name: "Name" }).fill("again");
  await keys(page, "Enter");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("The server could not be reached");
  await page.unroute(`**${api}/mkdirs`);
  await keys(page, "Enter");
  await expect(row(page, "again")).toBeVisible();
  // The browser's own line about the call that was cut.
  expect(guard.wrong.splice(0)).toEqual([expect.stringContaining("net::ERR_FAILED")]);
});
