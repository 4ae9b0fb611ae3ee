import type { Locator, Page } from "@playwright/test";
import { call, type PersonName, type World } from "./fixtures";

/** The Workspace API. */
export const api = "/api/2.0/workspace";

/** A notebook in Databricks' source form. */
export const source = "# Databricks notebook source\nprint('é')\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC ## Found\n# MAGIC *little*\n";

export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A folder of Ada's for one test, with what it holds. */
export async function ownFolder(page: Page, world: World, what: string): Promise<Folder> {
  const path = `/Users/${world.people.ada.name}/${what} ${String(Date.now())}`;
  const folder = new Folder(page, world, path);
  await folder.make("");
  return folder;
}

/** A folder that belongs to one test. */
export class Folder {
  constructor(private readonly page: Page, private readonly world: World, readonly path: string) {}

  as(who: PersonName, method: string, path: string, data?: unknown): Promise<unknown> {
    return call(this.page, this.world, who, method, path, data);
  }

  async make(name: string): Promise<void> {
    await this.as("ada", "POST", `${api}/mkdirs`, { path: this.at(name) });
  }

  async notebook(name: string, text = source): Promise<void> {
    await this.as("ada", "POST", `${api}/import`, { path: this.at(name), format: "SOURCE", language: "PYTHON", content: base64(text) });
  }

  at(name: string): string {
    return name === "" ? this.path : `${this.path}/${name}`;
  }

  /** The names in it, as the Workspace API lists them. */
  async names(of = "", who: PersonName = "ada"): Promise<string[]> {
    const list = (await this.as(who, "GET", `${api}/list?path=${encodeURIComponent(this.at(of))}`)) as { objects?: { path: string }[] };
    return (list.objects ?? []).map((o) => o.path.slice(o.path.lastIndexOf("/") + 1)).sort();
  }

  /** "directories/5", as permissions name it. */
  async object(name: string): Promise<string> {
    const found = (await this.as("ada", "GET", `/api/governance/1.0/object?object=${encodeURIComponent(this.at(name))}`)) as { object: string };
    return found.object;
  }

  async give(name: string, who: PersonName, level: string): Promise<void> {
    const path = `/api/2.0/permissions/${await this.object(name)}`;
    await this.as("ada", "PATCH", path, { access_control_list: [{ user_name: this.world.people[who].name, permission_level: level }] });
  }

  /** Whether somebody may read it. */
  async readable(name: string, who: PersonName): Promise<boolean> {
    const answer = await this.page.context().request.get(`${this.world.url}${api}/export?path=${encodeURIComponent(this.at(name))}`, {
      headers: { Authorization: `Bearer ${this.world.people[who].token}` },
    });
    return answer.ok();
  }

  address(name = ""): string {
    return `${this.world.url}/#/workspace?path=${encodeURIComponent(this.at(name))}`;
  }
}

/** A line of a folder. */
export const row = (page: Page, name: string): Locator => page.getByRole("table", { name: "Items" }).getByRole("row").filter({ has: page.getByRole("rowheader").getByText(name, { exact: true }) });

/** Chooses from the menu of an item, by keyboard. */
export async function choose(page: Page, item: string, entry: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${item}`, exact: true }).press("Enter");
  await page.getByRole("menuitem", { name: entry, exact: true }).press("Enter");
}
