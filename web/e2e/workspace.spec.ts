import { readFile, writeFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { expect, expectAccessible, shoot, test } from "./fixtures";
import { api, choose, ownFolder, row, source } from "./folder";

/** Drops files on a place, as from the desktop: as the browser itself tells a page of it. */
async function drop(page: Page, place: Locator, files: readonly { name: string; text: string }[]): Promise<void> {
  const paths = files.map(({ name }) => test.info().outputPath(name));
  await Promise.all(files.map(({ text }, at) => writeFile(paths[at] ?? "", text)));
  const box = await place.boundingBox();
  if (!box) throw new Error("there is no place to drop on");
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  const browser = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) await browser.send("Input.dispatchDragEvent", { type, x: box.x + 20, y: box.y + 10, data });
}

test("the tree opens folder by folder, and each line tells my level", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "tree");
  await folder.make("outer/inner/core");
  await folder.make("alone");
  await folder.give("outer/inner", "reader", "CAN_READ");
  const asked: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname.endsWith("/tree")) asked.push(url.searchParams.get("path") ?? "");
  });
  await page.goto(folder.address());
  const tree = page.getByRole("treegrid", { name: "Folders" });
  const outer = tree.getByRole("row", { name: "outer" });
  await expect(outer).toContainText("Can manage");
  expect(asked).not.toContain(folder.at("outer"));
  await outer.focus();
  await page.keyboard.press("ArrowRight");
  await expect(tree.getByRole("row", { name: "inner" })).toBeVisible();
  expect(asked).toContain(folder.at("outer"));
  expect(asked).not.toContain(folder.at("outer/inner"));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("inner");
  await expect(tree.getByRole("row", { name: "inner" })).toBeFocused();
  await expect(row(page, "core")).toContainText("Can manage");
  await expectAccessible(page);
  await shoot(page, "workspace-tree");

  const other = await as("reader");
  await other.goto(folder.address("outer"));
  await expect(row(other, "inner")).toContainText("Can read");
});

test("a folder is made, cloned into, renamed, and a wrong name is refused with the server's reason", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "make");
  await folder.notebook("Plan");
  await page.goto(folder.address());
  await page.getByRole("button", { name: "Create folder" }).press("Enter");
  const name = page.getByRole("textbox", { name: "Name" });
  await expect(name).toBeFocused();
  await page.keyboard.type("Plan");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("Plan");
  await shoot(page, "workspace-create-refused");
  await name.fill("results");
  await page.keyboard.press("Enter");
  await expect(row(page, "results")).toBeVisible();

  await choose(page, "Plan", "Clone");
  await expect(page.getByRole("textbox", { name: "Name of the copy" })).toHaveValue("Plan (copy)");
  await expectAccessible(page);
  await shoot(page, "workspace-clone");
  await page.getByRole("textbox", { name: "Name of the copy" }).fill("Plan B");
  await page.getByRole("treegrid", { name: "Folder of the copy" }).getByRole("row", { name: "results" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Clone" }).press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await folder.names("results")).toEqual(["Plan B"]);

  await choose(page, "Plan", "Rename");
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.type("Plan, again");
  await page.keyboard.press("Enter");
  await expect(row(page, "Plan, again")).toBeVisible();
  expect(await folder.names()).toEqual(["Plan, again", "results"]);
  await expect(page.getByRole("button", { name: "Actions for Plan, again" })).toBeFocused();
});

test("files are imported by choice: notebooks by their ending, a refused archive with the reason", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "import");
  await page.goto(folder.address());
  await page.getByRole("button", { name: "Import", exact: true }).press("Enter");
  await page.getByLabel("Choose files").setInputFiles([
    { name: "Sums.ipynb", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] })) },
    { name: "Plan.py", mimeType: "text/x-python", buffer: Buffer.from(source) },
    { name: "tool.py", mimeType: "text/x-python", buffer: Buffer.from("print('no notebook')\n") },
    { name: "all.dbc", mimeType: "application/zip", buffer: Buffer.from("PK") },
    { name: "broken.ipynb", mimeType: "application/json", buffer: Buffer.from("{") },
  ]);
  const files = page.getByRole("table", { name: "Files" });
  await expect(files.getByRole("row", { name: /^tool.py/ })).toContainText("file");
  await expect(files.getByRole("row", { name: /^Plan.py/ })).toContainText("notebook");
  await page.getByRole("dialog").getByRole("button", { name: "Import", exact: true }).press("Enter");
  await expect(files.getByRole("row", { name: /^all.dbc/ })).toContainText("DBC (Databricks archive) is not served yet");
  await expect(files.getByRole("row", { name: /^broken.ipynb/ })).toContainText("failed");
  await expect(files.getByRole("row", { name: /^Sums.ipynb/ })).toContainText("done");
  await expectAccessible(page);
  await shoot(page, "workspace-import");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().press("Enter");
  await expect(row(page, "Sums")).toContainText("notebook");
  expect(await folder.names()).toEqual(["Plan", "Sums", "tool.py"]);
});

test("files are dropped on a folder, and what has the same name is replaced only when asked for", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "drop");
  await folder.notebook("Plan", "# Databricks notebook source\nprint('old')\n");
  await page.goto(folder.address());
  await expect(row(page, "Plan")).toBeVisible();
  await drop(page, row(page, "Plan"), [{ name: "Plan.py", text: source }, { name: "data.csv", text: "a,b\n1,2\n" }]);
  const files = page.getByRole("table", { name: "Files" });
  await expect(files.getByRole("row", { name: /^data.csv/ })).toContainText("file");
  const start = page.getByRole("dialog").getByRole("button", { name: "Import", exact: true });
  await start.press("Enter");
  await expect(files.getByRole("row", { name: /^data.csv/ })).toContainText("done");
  await expect(files.getByRole("row", { name: /^Plan.py/ })).toContainText("already exists");
  await page.getByText("Replace what has the same name").click();
  await start.press("Enter");
  await expect(files.getByRole("row", { name: /^Plan.py/ })).toContainText("done");
  expect(await folder.names()).toEqual(["Plan", "data.csv"]);
  const stored = (await folder.as("ada", "GET", `${api}/export?path=${encodeURIComponent(folder.at("Plan"))}`)) as { content: string };
  expect(Buffer.from(stored.content, "base64").toString()).toBe(source);
});

test("what is exported is what was imported, byte for byte", async ({ as, world }) => {
  const page = await as("reader");
  const folder = await ownFolder(page, world, "export");
  await folder.notebook("Plan");
  await folder.as("ada", "POST", `${api}/import`, { path: folder.at("bytes.bin"), format: "AUTO", content: Buffer.from([0, 255, 13, 10, 7]).toString("base64") });
  await folder.give("", "reader", "CAN_READ");
  await page.goto(folder.address());
  for (const [item, entry, file, bytes] of [
    ["Plan", "Export as source", "Plan.py", Buffer.from(source)],
    ["bytes.bin", "Download", "bytes.bin", Buffer.from([0, 255, 13, 10, 7])],
  ] as const) {
    const [saved] = await Promise.all([page.waitForEvent("download"), choose(page, item, entry)]);
    expect(saved.suggestedFilename()).toBe(file);
    expect(await readFile(await saved.path())).toEqual(bytes);
  }
  const [saved] = await Promise.all([page.waitForEvent("download"), choose(page, "Plan", "Export as Jupyter notebook")]);
  expect(saved.suggestedFilename()).toBe("Plan.ipynb");
  expect(JSON.parse((await readFile(await saved.path())).toString())).toMatchObject({ nbformat: 4 });
});

test("a move shows who gains and who loses before it is made, and does just that", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "move");
  const { reader, second } = world.people;
  await folder.make("from");
  await folder.make("to");
  await folder.notebook("from/Plan");
  await folder.give("from", "reader", "CAN_READ");
  await folder.give("to", "second", "CAN_EDIT");
  await page.goto(folder.address("from"));
  await choose(page, "Plan", "Move");
  const move = page.getByRole("dialog").getByRole("button", { name: "Move", exact: true });
  await expect(move).toBeDisabled();
  await page.getByRole("treegrid", { name: "New folder" }).getByRole("row", { name: "to", exact: true }).press("Enter");
  const effect = page.getByRole("region", { name: "Effect on Plan" });
  await expect(effect.getByRole("listitem").filter({ hasText: second.name })).toContainText("Can edit");
  await expect(effect.getByRole("listitem").filter({ hasText: reader.name })).toContainText("No access");
  await expectAccessible(page);
  await shoot(page, "workspace-move");
  expect(await folder.readable("from/Plan", "reader")).toBe(true);
  await move.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await folder.names("to")).toEqual(["Plan"]);
  expect(await folder.readable("to/Plan", "second")).toBe(true);
  expect(await folder.readable("to/Plan", "reader")).toBe(false);
});

test("several are selected, moved, brought to the trash and restored", async ({ as, world }) => {
  const page = await as("ada");
  const folder = await ownFolder(page, world, "several");
  for (const name of ["one", "two", "three"]) await folder.notebook(name);
  await folder.make("to");
  await page.goto(folder.address());
  for (const name of ["one", "two"]) await page.getByRole("checkbox", { name: `Select ${name}` }).press("Space");
  const bulk = page.getByRole("region", { name: "Selected items" });
  await expect(bulk).toContainText("2 items selected");
  await shoot(page, "workspace-selected");
  await bulk.getByRole("button", { name: "Move", exact: true }).press("Enter");
  await page.getByRole("treegrid", { name: "New folder" }).getByRole("row", { name: "to", exact: true }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Move", exact: true }).press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await folder.names("to")).toEqual(["one", "two"]);

  for (const name of ["three", "to"]) await page.getByRole("checkbox", { name: `Select ${name}` }).press("Space");
  await bulk.getByRole("button", { name: "Move to trash" }).press("Enter");
  await expect(page.getByRole("alertdialog").getByRole("button", { name: "Cancel" })).toBeFocused();
  await expectAccessible(page);
  await page.getByRole("alertdialog").getByRole("button", { name: "Move to trash" }).press("Enter");
  await expect(page.getByText("Nothing is in this folder")).toBeVisible();
  expect(await folder.names()).toEqual([]);

  await page.getByRole("link", { name: "Trash" }).press("Enter");
  await expectAccessible(page);
  await shoot(page, "workspace-trash");
  await page.getByRole("button", { name: `Restore ${folder.at("to")}` }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).press("Enter");
  await expect(page.getByRole("button", { name: `Restore ${folder.at("to")}` })).toHaveCount(0);
  expect(await folder.names("to")).toEqual(["one", "two"]);
  await page.getByRole("button", { name: `Delete ${folder.at("three")} for good` }).press("Enter");
  const asks = page.getByRole("alertdialog");
  await expect(asks.getByRole("button", { name: "Delete for good" })).toBeDisabled();
  await asks.getByRole("textbox").fill("three");
  await asks.getByRole("button", { name: "Delete for good" }).press("Enter");
  await expect(page.getByRole("button", { name: `Restore ${folder.at("three")}` })).toHaveCount(0);
});
