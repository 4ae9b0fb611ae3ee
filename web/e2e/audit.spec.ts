import { readFile } from "node:fs/promises";
import type { Download, Page } from "@playwright/test";
import { call, expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, test, type World } from "./fixtures";
import { arrowTo, keys, tabTo } from "./keys";

/** An experiment of Ada's, of which the trail knows. */
async function ownExperiment(page: Page, world: World, what: string): Promise<{ id: string; path: string }> {
  const path = `/Users/${world.people.ada.name}/${what} ${String(Date.now())}`;
  const made = (await call(page, world, "ada", "POST", "/api/2.0/mlflow/experiments/create", { name: path })) as { experiment_id: string };
  return { id: made.experiment_id, path };
}

/** Lets the reader read it, which is an event of its own. */
const give = (page: Page, world: World, id: string, level = "CAN_READ") =>
  call(page, world, "ada", "PATCH", `/api/2.0/permissions/experiments/${id}`, {
    access_control_list: [{ user_name: world.people.reader.name, permission_level: level }],
  });

const address = (world: World, query: string) => `${world.url}/#/audit?q=${encodeURIComponent(query)}`;

const events = (page: Page) => page.getByRole("table", { name: "Events" }).getByRole("row").filter({ has: page.getByRole("rowheader") });

async function text(saved: Download): Promise<string> {
  return readFile(await saved.path(), "utf8");
}

test("an auditor searches by qualifiers, chosen and typed by keyboard", async ({ as, world }) => {
  const page = await as("auditor", "/audit");
  const { id, path } = await ownExperiment(page, world, "trail");
  await give(page, world, id);
  await expect(events(page).first()).toBeVisible();
  await tabTo(page, page.getByRole("button", { name: "Add a qualifier" }));
  await keys(page, "Enter");
  await expect(page.getByRole("menuitem", { name: /^actor:/ })).toContainText("Who did it");
  await shoot(page, "audit-qualifiers");
  await arrowTo(page, page.getByRole("menuitem", { name: /^object:/ }));
  await keys(page, "Enter");
  const field = page.getByRole("searchbox", { name: "Search the audit trail" });
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("object:");
  await page.keyboard.type(`"${path}"`);
  await keys(page, "Enter");
  await expect(events(page)).toHaveCount(2);
  await expect(events(page).first()).toContainText("change workspace acl");
  await expect(events(page).first()).toContainText(world.people.ada.name);
  expect(new URLSearchParams(page.url().split("?")[1]).get("q")).toBe(`object:"${path}"`);

  await tabTo(page, page.getByRole("button", { name: "Add a qualifier" }));
  await keys(page, "Enter");
  await arrowTo(page, page.getByRole("menuitem", { name: "operation:create" }));
  await keys(page, "Enter");
  await expect(field).toBeFocused();
  await keys(page, "Enter");
  await expect(events(page)).toHaveCount(1);
  await expect(events(page)).toContainText("create experiment");
  await expectAccessible(page);
});

test("a wrong qualifier is answered with those that there are", async ({ as, world }) => {
  const page = await as("auditor");
  await page.goto(address(world, "colour:blue"));
  await expect(page.getByRole("alert")).toContainText("'colour' is no qualifier; known: actor, actor-kind, action");
  await expectAccessible(page);
  await shoot(page, "audit-wrong");
  await page.getByRole("searchbox").fill("result:perhaps");
  await page.getByRole("button", { name: "Search", exact: true }).press("Enter");
  await expect(page.getByRole("alert")).toContainText("allowed, denied, failed");
  await page.getByRole("searchbox").fill("");
  await expect(events(page).first()).toBeVisible();
});

test("a long search is read page by page, each event once", async ({ as, world }) => {
  const page = await as("auditor");
  const { id } = await ownExperiment(page, world, "pages");
  for (let i = 0; i < 60; i += 1) for (const level of ["CAN_READ", "CAN_EDIT"]) await give(page, world, id, level);
  await page.goto(address(world, `object:experiments/${id}`));
  await expect(events(page)).toHaveCount(100);
  await page.getByRole("button", { name: "Show more events" }).press("Enter");
  await expect(events(page)).toHaveCount(121);
  await expect(page.getByRole("button", { name: "Show more events" })).toHaveCount(0);
  await expect(events(page).last()).toContainText("create experiment");
});

test("an event tells before and after, how it was decided, and proves itself", async ({ as, world }) => {
  const page = await as("auditor");
  const { id } = await ownExperiment(page, world, "detail");
  await give(page, world, id);
  await page.goto(address(world, `object:experiments/${id} action:changeWorkspaceAcl`));
  await events(page).getByRole("button", { name: "change workspace acl" }).press("Enter");
  const drawer = page.getByRole("dialog", { name: "change workspace acl" });
  await expect(drawer.getByText(/^Verified to sequence \d/)).toBeVisible();
  const changes = drawer.getByRole("table", { name: "Before and after" });
  await expect(changes).toContainText(world.people.reader.name);
  await expect(changes).toContainText("CAN_READ");
  await expect(drawer.getByRole("listitem").filter({ hasText: "has CAN_MANAGE on" }).first()).toBeVisible();
  for (const item of await drawer.getByRole("listitem").all()) await expect(item).not.toHaveText("");
  await expect(drawer.getByText("bailiwick audit verify")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "audit-event");
  await page.setViewportSize({ width: 390, height: 900 });
  await expectNoOverflow(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await drawer.getByRole("button", { name: "only these" }).first().press("Enter");
  await expect(drawer).toHaveCount(0);
  await expect(page.getByRole("searchbox")).toHaveValue(new RegExp(`actor:${world.people.ada.name}`));
});

test("what was found is downloaded, as CSV and as JSON, and the whole ledger with proofs", async ({ as, world }) => {
  const page = await as("auditor");
  const { id, path } = await ownExperiment(page, world, "download");
  await give(page, world, id);
  await page.goto(address(world, `object:experiments/${id}`));
  await expect(events(page)).toHaveCount(2);
  const save = async (entry: RegExp) => {
    await page.getByRole("button", { name: "Download" }).press("Enter");
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: entry }).press("Enter")]);
    return saved;
  };
  const csv = await save(/^CSV/);
  expect(csv.suggestedFilename()).toMatch(/\.csv$/);
  const lines = (await text(csv)).trim().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^event_time,event_id,actor,.*,action,.*,before,after$/);
  expect(lines[1]).toContain("changeWorkspaceAcl");
  const json = await save(/^JSON/);
  expect(json.suggestedFilename()).toMatch(/\.json$/);
  const found = JSON.parse(await text(json)) as { events: { action_name: string; after?: unknown; object: { path: string } }[] };
  expect(found.events.map((e) => e.action_name)).toEqual(["changeWorkspaceAcl", "createExperiment"]);
  expect(JSON.stringify(found.events[0]?.after)).toContain(world.people.reader.name);
  expect(found.events[0]?.object.path).toBe(path);
  const ledger = (await text(await save(/^Export with proofs/))).trim().split("\n").map((line) => JSON.parse(line) as object);
  expect(ledger.length).toBeGreaterThan(100);
});

test("a refusal stands in the trail with its reason, and new events are followed", async ({ as, world }) => {
  const page = await as("auditor");
  const { id } = await ownExperiment(page, world, "refused");
  await give(page, world, id);
  await page.goto(address(world, `object:experiments/${id} result:denied`));
  await expect(page.getByText("Nothing fits this search")).toBeVisible();
  await page.getByText("Follow new events").click();
  const refused = await page.context().request.patch(`${world.url}/api/2.0/permissions/experiments/${id}`, {
    headers: { Authorization: `Bearer ${world.people.reader.token}` },
    data: { access_control_list: [{ user_name: world.people.reader.name, permission_level: "CAN_MANAGE" }] },
  });
  expect(refused.status()).toBe(403);
  await expect(events(page)).toHaveCount(1);
  await expect(events(page)).toContainText("denied");
  await events(page).getByRole("button").press("Enter");
  await expect(page.getByRole("dialog")).toContainText("Refused");
  await expect(page.getByRole("dialog")).toContainText(world.people.reader.name);
});

test("who may not read the trail is told why, and who may give it", async ({ as, world }) => {
  const page = await as("reader", "/audit");
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("searchbox")).toHaveCount(0);
  await expect(page.getByRole("alert")).toContainText(/administrator|auditor/i);
  await expectAccessible(page);
  await shoot(page, "audit-refused");
  const answer = await page.context().request.get(`${world.url}/api/governance/1.0/audit`, { headers: { Authorization: `Bearer ${world.people.reader.token}` } });
  expect(answer.status()).toBe(403);
});

test("what callers send is shown as text", async ({ as, world }) => {
  const page = await as("auditor");
  const path = `/Users/${world.people.ada.name}/<img src=x onerror="document.title='owned'"> \u202e${"y".repeat(60)} ${String(Date.now())}`;
  const made = (await call(page, world, "ada", "POST", "/api/2.0/mlflow/experiments/create", { name: path })) as { experiment_id: string };
  const agent = "<script>document.title='owned'</script>".repeat(4);
  const answer = await page.context().request.patch(`${world.url}/api/2.0/permissions/experiments/${made.experiment_id}`, {
    headers: { Authorization: `Bearer ${world.people.ada.token}`, "User-Agent": agent },
    data: { access_control_list: [{ user_name: world.people.reader.name, permission_level: "CAN_READ" }] },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  await page.goto(address(world, `object:experiments/${made.experiment_id}`));
  await expect(events(page)).toHaveCount(2);
  await shoot(page, "audit-hostile");
  await page.setViewportSize({ width: 390, height: 900 });
  await expectNoOverflow(page);
  await events(page).getByRole("button", { name: "change workspace acl" }).press("Enter");
  await expect(page.getByRole("dialog")).toContainText("<script>document.title");
  await expectNoOverflow(page);
  await expectUnowned(page);
  await shoot(page, "audit-hostile-event");
});
