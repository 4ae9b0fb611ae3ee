import type { Page } from "@playwright/test";
import { call, expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, test, type World } from "./fixtures";

interface Version {
  source: string;
  run_id?: string;
}

const rest = "/api/2.0/mlflow";

/** A model of Ada's with a version, which Rita may read and the second person may bring into Production: for tests that change it. */
async function ownModel(page: Page, world: World, what: string, versions = 1): Promise<{ name: string; object: string }> {
  const name = `${what} ${String(Date.now())}`;
  const as = (method: string, path: string, data?: unknown) => call(page, world, "ada", method, path, data);
  await as("POST", `${rest}/registered-models/create`, { name });
  const found = (await as("GET", `${rest}/model-versions/get?name=${world.things.modelName}&version=1`)) as { model_version: Version };
  const { source, run_id } = found.model_version;
  for (let i = 0; i < versions; i += 1) await as("POST", `${rest}/model-versions/create`, { name, source, run_id });
  const model = (await as("GET", `${rest}/databricks/registered-models/get?name=${encodeURIComponent(name)}`)) as { registered_model_databricks: { id: string } };
  const object = `registered-models/${model.registered_model_databricks.id}`;
  await as("PATCH", `/api/2.0/permissions/${object}`, {
    access_control_list: [
      { user_name: world.people.reader.name, permission_level: "CAN_READ" },
      { user_name: world.people.second.name, permission_level: "CAN_MANAGE_PRODUCTION_VERSIONS" },
    ],
  });
  return { name, object };
}

const pageOf = (name: string, version?: string) => `/models/${encodeURIComponent(name)}${version === undefined ? "" : `/versions/${version}`}`;
const governance = (name: string) => `/api/governance/1.0/models/${encodeURIComponent(name)}`;

const ask = (page: Page, world: World, who: "ada" | "reader", name: string, stage: string, comment = "please") =>
  call(page, world, who, "POST", `${rest}/transition-requests/create`, { name, version: "1", stage, comment });

async function stageOf(page: Page, world: World, name: string, version = "1"): Promise<string> {
  const found = (await call(page, world, "ada", "GET", `${governance(name)}/versions/${version}`)) as { current_stage: string };
  return found.current_stage;
}

/** Presses Tab until the button has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole("button", { name, exact: true });
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press("Tab");
    if ((await wanted.count()) === 1 && (await wanted.evaluate((element) => element === document.activeElement))) return;
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

test("a request is approved by keyboard alone, and the version's page follows by itself", async ({ as, world }) => {
  const other = await as("reader");
  const { name } = await ownModel(other, world, "approve");
  await ask(other, world, "reader", name, "Production", "better than the baseline");
  await other.goto(`${world.url}/#${pageOf(name, "1")}`);
  await expect(other.getByText("better than the baseline")).toBeVisible();

  const page = await as("second", `/requests?model=${encodeURIComponent(name)}`);
  await expect(page.getByText("better than the baseline")).toBeVisible();
  await shoot(page, "requests-decidable");
  await tabTo(page, new RegExp(`^Approve: Version 1 of ${name}`));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Approve the transition" })).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "request-approve");
  await expect(page.getByRole("textbox", { name: "Comment" })).toBeFocused();
  await page.keyboard.type("seen");
  await tabTo(page, "Approve");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Nothing waits for your decision")).toBeVisible();
  await expect(page.getByRole("group", { name: "Pending transition requests" })).toBeFocused();
  expect(await stageOf(page, world, name)).toBe("Production");
  await expect(other.getByRole("banner").or(other.getByRole("main")).getByText("Production", { exact: true }).first()).toBeVisible();
  await expect(other.getByText("better than the baseline")).toHaveCount(0);
});

test("who asks sees why he may not approve, and takes the request back", async ({ as, world }) => {
  const page = await as("ada");
  const { name } = await ownModel(page, world, "own");
  await call(page, world, "ada", "PUT", `${governance(name)}/two-persons`, { two_persons: "yes" });
  await ask(page, world, "ada", name, "Production");
  await page.goto(`${world.url}/#/requests?whose=mine&model=${encodeURIComponent(name)}`);
  await expect(page.getByText(/who asks for the transition does not approve it/).locator("visible=true").first()).toBeVisible();
  const approve = page.getByRole("button", { name: /^Approve: Version 1/ });
  await expect(approve).toHaveAttribute("aria-disabled", "true");
  await approve.press("Enter");
  await expect(page.getByRole("dialog", { name: /not now/ })).toContainText("takes two persons");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Cancel request: Version 1/ }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel request" }).press("Enter");
  await expect(page.getByText("You have no pending request")).toBeVisible();
});

test("of two who decide at once, the second is told who was first", async ({ as, world }) => {
  const page = await as("ada");
  const { name } = await ownModel(page, world, "race");
  await ask(page, world, "reader", name, "Staging");
  await page.goto(`${world.url}/#/requests?whose=all&model=${encodeURIComponent(name)}`);
  await page.getByRole("button", { name: /^Approve: Version 1/ }).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await call(page, world, "second", "POST", `${rest}/transition-requests/reject`, { name, version: "1", stage: "Staging", comment: "not yet" });
  await dialog.getByRole("button", { name: "Approve" }).press("Enter");
  await expect(dialog.getByText(`rejected by ${world.people.second.name}`)).toBeVisible();
  await shoot(page, "request-conflict");
  await dialog.getByRole("button", { name: "Close" }).last().press("Enter");
  await expect(page.getByText("No request is pending")).toBeVisible();
  expect(await stageOf(page, world, name)).toBe("None");
});

test("a check that comes after the request makes it stale, and a missing one is named", async ({ as, world }) => {
  const page = await as("second");
  const { name } = await ownModel(page, world, "checks");
  await call(page, world, "ada", "PUT", `${governance(name)}/required-checks`, { required_checks: [{ stage: "Production", name: "bias" }] });
  await ask(page, world, "reader", name, "Production");
  await page.goto(`${world.url}/#/requests?model=${encodeURIComponent(name)}`);
  await expect(page.getByText(/^Missing for Production: "bias" was not posted/)).toBeVisible();
  const { digest } = (await call(page, world, "ada", "GET", `${governance(name)}/versions/1/manifest`)) as { digest: string };
  await call(page, world, "ada", "POST", `${governance(name)}/versions/1/checks`, { name: "bias", state: "success", digest, url: "https://ci.example.com/7" });
  await page.reload();
  await expect(page.getByText(/its checks have changed/).locator("visible=true").first()).toBeVisible();
  await expect(page.getByText("bias: passed")).toBeVisible();
  await expect(page.getByRole("link", { name: /details/ })).toHaveAttribute("rel", "noopener noreferrer");
  await shoot(page, "request-stale");
});

test("a reader asks for a stage, and is told why he may not move the version", async ({ as, world }) => {
  const page = await as("reader");
  const { name } = await ownModel(page, world, "ask");
  await page.goto(`${world.url}/#${pageOf(name, "1")}`);
  await page.getByRole("button", { name: /^Stage of version 1/ }).press("Enter");
  const menu = page.getByRole("menu");
  await expect(menu.getByRole("menuitem", { name: /^Transition to Production/ })).toContainText("Needs Can manage production versions");
  await expectAccessible(page);
  await shoot(page, "stage-menu-reader");
  await menu.getByRole("menuitem", { name: /^Request transition to Staging/ }).press("Enter");
  await page.getByRole("textbox", { name: "Comment" }).fill("to try it");
  await page.getByRole("dialog").getByRole("button", { name: "Request" }).press("Enter");
  await expect(page.getByRole("blockquote")).toHaveText("to try it");
});

test("a version is moved, and what was in the stage is archived", async ({ as, world }) => {
  const page = await as("ada");
  const { name } = await ownModel(page, world, "move", 2);
  for (const version of ["1", "2"]) {
    await page.goto(`${world.url}/#${pageOf(name, version)}`);
    await page.getByRole("button", { name: `Stage of version ${version}: None` }).press("Enter");
    await page.getByRole("menuitem", { name: /^Transition to Staging/ }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Transition" }).press("Enter");
    await expect(page.getByRole("button", { name: `Stage of version ${version}: Staging` })).toBeVisible();
  }
  expect(await stageOf(page, world, name, "1")).toBe("Archived");
  await page.goto(`${world.url}/#${pageOf(name)}?tab=activity`);
  await expect(page.getByText("Archived when version 2 came into Staging")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "model-activity");
});

test("a model is made, described, tagged, renamed and deleted", async ({ as }) => {
  test.setTimeout(120_000);
  const page = await as("ada", "/models");
  const name = `made ${String(Date.now())}`;
  await page.getByRole("button", { name: "Create model" }).press("Enter");
  await expectAccessible(page);
  await shoot(page, "model-create");
  await page.getByRole("textbox", { name: "Name" }).fill("no/slashes");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).press("Enter");
  await expect(page.getByRole("alert")).toContainText("Names cannot contain '/' or ':'");
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(page.getByText("No versions yet")).toBeVisible();

  await page.getByRole("button", { name: "Edit the description" }).press("Enter");
  await page.getByRole("textbox", { name: /Description/ }).fill("**strong** <img src=x onerror=\"document.title='owned'\">");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await expect(page.locator("strong", { hasText: "strong" })).toBeVisible();
  await page.getByRole("button", { name: "Edit tags" }).press("Enter");
  await page.getByRole("textbox", { name: "Key 1" }).fill("team");
  await page.getByRole("textbox", { name: "Value 1" }).fill("red");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).press("Enter");
  await expect(page.getByTitle("team: red")).toBeVisible();
  await expectUnowned(page);

  await page.getByRole("button", { name: `Actions on ${name}` }).press("Enter");
  await page.getByRole("menuitem", { name: "Rename" }).press("Enter");
  await page.getByRole("textbox", { name: "New name" }).fill(`${name} b`);
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${name} b`);
  await page.getByRole("button", { name: `Actions on ${name} b` }).press("Enter");
  await page.getByRole("menuitem", { name: "Delete" }).press("Enter");
  const asks = page.getByRole("alertdialog");
  await expect(asks.getByRole("button", { name: "Delete model" })).toBeDisabled();
  await asks.getByRole("textbox").fill(`${name} b`);
  await asks.getByRole("button", { name: "Delete model" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models");
});

test("a comment is written, changed and deleted by who wrote it alone", async ({ as, world }) => {
  const page = await as("reader");
  const { name } = await ownModel(page, world, "comments");
  await call(page, world, "ada", "POST", `${rest}/comments/create`, { name, version: "1", comment: "of Ada" });
  await page.goto(`${world.url}/#${pageOf(name, "1")}?tab=activity`);
  await expect(page.getByText("of Ada")).toBeVisible();
  await expect(page.getByRole("button", { name: "Edit the comment" })).toHaveCount(0);
  await page.getByRole("textbox", { name: "Comment on this version" }).fill("of the reader");
  await page.getByRole("button", { name: "Comment", exact: true }).press("Enter");
  await page.getByRole("button", { name: "Edit the comment" }).press("Enter");
  await page.getByRole("textbox", { name: "Comment", exact: true }).fill("changed by the reader");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await expect(page.getByText("changed by the reader")).toBeVisible();
  await page.getByRole("button", { name: "Delete the comment" }).press("Enter");
  await expect(page.getByRole("alertdialog").getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete comment" }).press("Enter");
  await expect(page.getByText("changed by the reader")).toHaveCount(0);
});

test("required checks and two persons are set on the model's page", async ({ as, world }) => {
  const page = await as("ada");
  const { name } = await ownModel(page, world, "rules");
  await page.goto(`${world.url}/#${pageOf(name)}?tab=governance`);
  await page.getByRole("textbox", { name: "Name of the check" }).fill("bias");
  await page.getByRole("button", { name: "Add" }).first().press("Enter");
  await page.getByRole("button", { name: "Save required checks" }).press("Enter");
  await expect(page.getByText("Not saved yet.")).toHaveCount(0);
  await page.getByRole("button", { name: /For this model/ }).press("Enter");
  await page.getByRole("option", { name: "Two persons" }).press("Enter");
  await expect(page.getByText("In force: Production takes two persons.")).toBeVisible();
  const checks = (await call(page, world, "ada", "GET", `${governance(name)}/required-checks`)) as { required_checks: unknown };
  expect(checks.required_checks).toEqual([{ stage: "Production", name: "bias" }]);
  await expectAccessible(page);
  await shoot(page, "model-governance");
});

const tabs = [
  ["model-access", "?tab=access", undefined],
  ["model-provenance", "?tab=provenance", undefined],
  ["model-webhooks", "?tab=webhooks", undefined],
  ["version-load", "?tab=use", "3"],
  ["version-signature", "?tab=signature", "3"],
  ["version-files", "?tab=files&path=MLmodel", "3"],
  ["version-provenance", "?tab=provenance", "3"],
  ["version-activity", "?tab=activity", "3"],
] as const;

for (const [name, query, version] of tabs) {
  test(`${name}: accessible, nothing runs, nothing cut off`, async ({ as, world }) => {
    test.setTimeout(90_000);
    const page = await as("ada", pageOf(world.things.modelName, version) + query);
    await expect(page.getByRole("tab", { selected: true })).toBeVisible();
    await expect(page.getByRole("status", { name: /loading/i })).toHaveCount(0);
    await expectAccessible(page);
    for (const width of [320, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await expectNoOverflow(page);
    }
    await expectUnowned(page);
    await shoot(page, name);
  });
}

test("long, right-to-left and hostile names are shown as they are", async ({ as, world }) => {
  const page = await as("ada");
  for (const name of ["x".repeat(200), "\u05de\u05d5\u05d3\u05dc", "a & b %zz", "<script>document.title='owned'<b>"]) {
    const own = `${name.slice(0, 190)} ${String(Date.now())}`;
    await call(page, world, "ada", "POST", `${rest}/registered-models/create`, { name: own });
    await page.goto(`${world.url}/#${pageOf(own)}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(own);
    await page.setViewportSize({ width: 320, height: 900 });
    await expectNoOverflow(page);
    await expectUnowned(page);
  }
});
