import type { Page } from "@playwright/test";
import { call, expect, expectAccessible, expectNoOverflow, shoot, test, type World } from "./fixtures";

/** An experiment of its own for each test: they change permissions. */
async function ownExperiment(page: Page, world: World, name: string): Promise<string> {
  const path = `/Users/${world.people.ada.name}/access-${name}-${String(Date.now())}`;
  const made = (await call(page, world, "ada", "POST", "/api/2.0/mlflow/experiments/create", { name: path })) as { experiment_id: string };
  return `experiments/${made.experiment_id}`;
}

interface Row {
  user_name?: string;
  group_name?: string;
  all_permissions: { permission_level: string; inherited: boolean }[];
}

/** Who has what on the object itself. */
async function direct(page: Page, world: World, object: string): Promise<Record<string, string>> {
  const acl = (await call(page, world, "ada", "GET", `/api/governance/1.0/permissions/${object}`)) as { access_control_list: Row[] };
  const own = acl.access_control_list.map((r) => [r.user_name ?? r.group_name ?? "", r.all_permissions.find((p) => !p.inherited)?.permission_level] as const);
  return Object.fromEntries(own.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Presses Tab until the control with this name has the focus. */
async function tabTo(page: Page, role: "button" | "combobox", name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true });
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press("Tab");
    if ((await wanted.count()) === 1 && (await wanted.evaluate((element) => element === document.activeElement))) return;
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

const access = (object: string) => `/access?object=${encodeURIComponent(object)}`;

async function openDialog(page: Page): Promise<void> {
  await page.getByRole("main").getByRole("button", { name: "Permissions" }).press("Enter");
  await expect(page.getByRole("dialog").getByText(/ha(s|ve) access/)).toBeVisible();
}

test("permissions are changed by keyboard alone, and nothing before Save", async ({ as, world }) => {
  test.setTimeout(120_000);
  const page = await as("ada");
  const object = await ownExperiment(page, world, "keyboard");
  const reader = world.people.reader.name;
  await page.goto(`${world.url}/#${access(object)}`);
  await openDialog(page);
  await expectAccessible(page);
  await tabTo(page, "combobox", "Add users and groups");
  await page.keyboard.type(reader);
  await expect(page.getByRole("option", { name: new RegExp(reader) })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await tabTo(page, "button", "Add");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Added", { exact: true })).toBeVisible();
  await expect(page.getByRole("region", { name: "Effect of saving" })).toContainText(reader);
  expect(await direct(page, world, object)).not.toHaveProperty([reader]);
  await expectAccessible(page);
  await shoot(page, "permissions-staged");
  await tabTo(page, "button", "Save changes");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await direct(page, world, object)).toHaveProperty([reader], "CAN_READ");
  await expect(page.getByRole("main").getByRole("button", { name: "Permissions" })).toBeFocused();
});

test("who saves second is told what changed, and keeps his own changes", async ({ as, world }) => {
  const page = await as("ada");
  const object = await ownExperiment(page, world, "conflict");
  const { reader, second } = world.people;
  const path = `/api/governance/1.0/permissions/${object}`;
  // Without live updates: a page that hears of the other save at once has nothing to be told when it saves.
  const silence = { contentType: "text/event-stream", body: "retry: 600000\n\n" };
  await page.route("**/api/governance/1.0/changes*", (route) => route.fulfill(silence));
  await call(page, world, "ada", "PATCH", path, { access_control_list: [{ user_name: reader.name, permission_level: "CAN_READ" }] });
  await page.goto(`${world.url}/#${access(object)}`);
  await openDialog(page);
  await page.getByRole("button", { name: `Remove ${reader.name}` }).click();
  await expect(page.getByText("Will be removed")).toBeVisible();
  await call(page, world, "admin", "PATCH", path, { access_control_list: [{ user_name: second.name, permission_level: "CAN_EDIT" }] });
  await page.getByRole("button", { name: "Save changes" }).click();
  const conflict = page.getByRole("dialog").getByRole("alert");
  await expect(conflict).toContainText(`${second.name} was given Can edit.`);
  await shoot(page, "permissions-conflict");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  const after = await direct(page, world, object);
  expect(after).toHaveProperty([second.name], "CAN_EDIT");
  expect(after).not.toHaveProperty([reader.name]);
});

test("Escape asks before staged changes are lost", async ({ as, world }) => {
  const page = await as("ada");
  const object = await ownExperiment(page, world, "cancel");
  await call(page, world, "ada", "PATCH", `/api/governance/1.0/permissions/${object}`, {
    access_control_list: [{ user_name: world.people.reader.name, permission_level: "CAN_READ" }],
  });
  await page.goto(`${world.url}/#${access(object)}`);
  await openDialog(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await openDialog(page);
  await page.getByRole("button", { name: `Remove ${world.people.reader.name}` }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("alertdialog").getByRole("button", { name: "Cancel" })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByText("Will be removed")).toBeVisible();
});

test("a refusal is explained: path, missing level, who can give it", async ({ as, world }) => {
  const page = await as("reader", access(`experiments/${world.things.experiment}`));
  await page.getByRole("main").getByRole("button", { name: "Why?" }).click();
  const drawer = page.getByRole("dialog", { name: /Why you may not/ });
  await expect(drawer).toContainText("It takes Can manage");
  await expect(drawer).toContainText(world.people.ada.name);
  await expect(drawer.getByRole("img")).toHaveAccessibleName(new RegExp(`^user ${world.people.reader.name}`));
  await expectAccessible(page);
  await shoot(page, "explain-refused");
});

test("who can: by object, by person, and why", async ({ as, world }) => {
  const page = await as("admin", access(`experiments/${world.things.experiment}`));
  await expect(page.getByText(/have it\./)).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  expect(file.suggestedFilename()).toMatch(/\.csv$/);
  await page.getByRole("button", { name: `Why ${world.people.ada.name}` }).first().click();
  await expect(page.getByRole("dialog")).toContainText("Allowed");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: world.people.reader.name }).first().click();
  await expect(page.getByRole("table")).toContainText("churn");
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 900 });
  await expectNoOverflow(page);
  await shoot(page, "access-by-person");
});

test("who is no administrator asks only about himself", async ({ as, world }) => {
  const page = await as("reader", `/access?by=person&principal=${encodeURIComponent(world.people.ada.name)}`);
  await expect(page.getByRole("heading", { name: "You may ask only about yourself" })).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "access-refused");
});
