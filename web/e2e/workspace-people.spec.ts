import { expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, test } from "./fixtures";
import { api, base64, choose, ownFolder, row } from "./folder";
import { arrowTo, keys, tabTo } from "./keys";

const jupyter = {
  nbformat: 4, nbformat_minor: 5, metadata: { language_info: { name: "python" } },
  cells: [
    { cell_type: "markdown", id: "a", metadata: {}, source: ["# Sums\n", "<script>document.title='owned'</script> [x](javascript:document.title='owned')"] },
    {
      cell_type: "code", id: "b", metadata: {}, execution_count: 7, source: ["1 + 1"],
      outputs: [
        { output_type: "stream", name: "stdout", text: ["adding\n"] },
        { output_type: "execute_result", execution_count: 7, metadata: {}, data: { "text/plain": ["2"], "text/html": ["<b>2</b><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"] } },
        { output_type: "display_data", metadata: {}, data: { "image/svg+xml": ["<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='owned'\"><circle r='9'/></svg>"] } },
        { output_type: "display_data", metadata: {}, data: { "application/javascript": ["document.title='owned'"], "text/plain": ["a script"] } },
        { output_type: "error", ename: "ZeroDivisionError", evalue: "division by zero", traceback: ["\u001b[0;31mZeroDivisionError\u001b[0m: division by zero"] },
      ],
    },
  ],
};

test("a reader sees what he may not do, with the reason, and why", async ({ as, world }) => {
  const page = await as("reader");
  const folder = await ownFolder(page, world, "refused");
  await folder.notebook("Plan");
  await folder.give("", "reader", "CAN_READ");
  await page.goto(folder.address());
  const create = page.getByRole("button", { name: "Create folder" });
  await expect(create).toHaveAttribute("aria-disabled", "true");
  await create.press("Enter");
  const drawer = page.getByRole("dialog", { name: /Why you may not/ });
  await expect(drawer).toContainText("It takes Can manage");
  await expect(drawer).toContainText(world.people.ada.name);
  await expectAccessible(page);
  await shoot(page, "workspace-explain");
  await page.keyboard.press("Escape");
  await expect(create).toBeFocused();
  await page.getByRole("button", { name: "Actions for Plan" }).press("Enter");
  await expect(page.getByRole("menuitem", { name: /^Rename/ })).toContainText("Needs Can manage");
  await expect(page.getByRole("menuitem", { name: /^Export as source/ })).not.toContainText("Needs");
  await shoot(page, "workspace-menu-reader");
  await page.getByRole("menuitem", { name: /^Move to trash/ }).press("Enter");
  await expect(page.getByRole("dialog", { name: /Why you may not/ })).toContainText("Can manage");
  expect(await folder.names()).toEqual(["Plan"]);
});

test("a notebook shows its Markdown and its results, and nothing in it runs", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "notebook");
  await folder.as("ada", "POST", `${api}/import`, { path: folder.at("Sums"), format: "JUPYTER", content: base64(JSON.stringify(jupyter)) });
  await page.goto(folder.address());
  await row(page, "Sums").getByRole("link").press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sums");
  const second = page.getByRole("region", { name: "Cell 2" });
  await expect(page.getByRole("region", { name: "Cell 1" }).getByRole("heading", { name: "Sums" })).toBeVisible();
  await expect(page.locator("a[href^='javascript:']")).toHaveCount(0);
  await expect(second.getByText("[7]")).toBeVisible();
  await expect(second.getByText("adding")).toBeVisible();
  await expect(second.getByText("division by zero")).toBeVisible();
  const frame = second.locator("iframe");
  await expect(frame).toHaveAttribute("sandbox", "");
  await expect(frame.contentFrame().locator("b")).toHaveText("2");
  await expect(second.getByRole("img")).toHaveJSProperty("complete", true);
  await expectUnowned(page);
  await expectAccessible(page);
  await shoot(page, "notebook-results");
});

test("permissions open from an object's menu and from the notebook's bar, and are the same", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "dialogs");
  await folder.notebook("Plan");
  await folder.give("Plan", "reader", "CAN_RUN");
  await page.goto(folder.address());
  const dialog = page.getByRole("dialog", { name: "Permissions of Plan" });
  await choose(page, "Plan", "Permissions");
  await expect(dialog.getByRole("button", { name: `Remove ${world.people.reader.name}` })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Actions for Plan" })).toBeFocused();
  await row(page, "Plan").getByRole("link").press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Plan");
  await page.getByRole("main").getByRole("button", { name: "Permissions" }).press("Enter");
  await dialog.getByRole("button", { name: `Remove ${world.people.reader.name}` }).press("Enter");
  await dialog.getByRole("button", { name: "Save changes" }).press("Enter");
  await expect(dialog).toHaveCount(0);
  expect(await folder.readable("Plan", "reader")).toBe(false);
});

test("a folder is opened, renamed, given to somebody and taken away again, by keyboard alone", async ({ as, world }) => {
  test.setTimeout(120_000);
  const page = await as("ada");
  const folder = await ownFolder(page, world, "keys");
  const { reader } = world.people;
  await folder.make("draft");
  await folder.notebook("draft/Plan");
  await page.goto(folder.address());
  const list = page.getByRole("table", { name: "Items" });
  await expect(row(page, "draft")).toBeVisible();
  await tabTo(page, list.getByRole("link", { name: "draft" }));
  await keys(page, "Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("draft");
  const actions = page.getByRole("button", { name: "Actions for draft" });
  await expect(actions).toBeVisible();
  await tabTo(page, actions);
  await keys(page, "Enter");
  await arrowTo(page, page.getByRole("menuitem", { name: "Rename" }));
  await keys(page, "Enter");
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.type("final");
  await keys(page, "Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("final");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await folder.names()).toEqual(["final"]);

  await tabTo(page, page.getByRole("main").getByRole("button", { name: "Permissions" }));
  await keys(page, "Enter");
  const dialog = page.getByRole("dialog", { name: "Permissions of final" });
  await expect(dialog.getByRole("combobox", { name: "Add users and groups" })).toBeVisible();
  await tabTo(page, dialog.getByRole("combobox", { name: "Add users and groups" }));
  await page.keyboard.type(reader.name);
  await expect(page.getByRole("option", { name: new RegExp(reader.name) })).toBeVisible();
  await keys(page, "ArrowDown", "Enter");
  await tabTo(page, dialog.getByRole("button", { name: "Level", exact: false }).and(page.locator("[aria-haspopup=listbox]")).first());
  await keys(page, "Enter");
  await arrowTo(page, page.getByRole("option", { name: /^Can edit/ }));
  await keys(page, "Enter");
  await tabTo(page, dialog.getByRole("button", { name: "Add", exact: true }));
  await keys(page, "Enter");
  const summary = page.getByRole("region", { name: "Effect of saving" });
  await expect(summary).toContainText(reader.name);
  await expect(summary).toContainText("Can edit");
  expect(await folder.readable("final/Plan", "reader")).toBe(false);
  await tabTo(page, dialog.getByRole("button", { name: "Save changes" }));
  await keys(page, "Enter");
  await expect(dialog).toHaveCount(0);
  expect(await folder.readable("final/Plan", "reader")).toBe(true);

  await expect(page.getByRole("main").getByRole("button", { name: "Permissions" })).toBeFocused();
  await keys(page, "Enter");
  await expect(dialog.getByRole("combobox", { name: "Add users and groups" })).toBeVisible();
  await tabTo(page, dialog.getByRole("button", { name: `Remove ${reader.name}` }));
  await keys(page, "Enter");
  await expect(summary).toContainText("No access");
  await shoot(page, "workspace-revocation");
  await tabTo(page, dialog.getByRole("button", { name: "Save changes" }));
  await keys(page, "Enter");
  await expect(dialog).toHaveCount(0);
  expect(await folder.readable("final/Plan", "reader")).toBe(false);
});

test("names that mean harm, long ones and right-to-left ones are only names", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "names");
  const names = ["<img src=x onerror=\"document.title='owned'\">", "<∕script><script>document.title='owned'", "\u202egpj.exe", "x".repeat(200), "מחברת", "a & b %2e%zz #?"];
  for (const name of names) {
    await folder.make(name);
    await folder.notebook(`${name}/${name}`);
  }
  await page.setViewportSize({ width: 390, height: 900 });
  await page.goto(folder.address());
  for (const name of names) await expect(row(page, name)).toBeVisible();
  await expectNoOverflow(page);
  await shoot(page, "workspace-hostile");
  await page.setViewportSize({ width: 390, height: 900 });
  for (const name of names) {
    await page.goto(folder.address(name));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await row(page, name).getByRole("link").press("Enter");
    await expect(page.getByText("as they were imported")).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await expectNoOverflow(page);
    await expectUnowned(page);
  }
});
