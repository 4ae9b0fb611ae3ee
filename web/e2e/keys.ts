import { expect, type Locator, type Page } from "@playwright/test";

/** Presses Tab until what is wanted has the focus. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press("Tab");
    if ((await wanted.count()) === 1 && (await wanted.evaluate((element) => element === document.activeElement))) return;
  }
  throw new Error(`Tab does not reach ${String(wanted)}`);
}

/** Presses keys one after the other. */
export async function keys(page: Page, ...pressed: string[]): Promise<void> {
  for (const key of pressed) await page.keyboard.press(key);
}

/** Moves in an open menu or list until the entry has the focus. */
export async function arrowTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let i = 0; i < 30; i += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("ArrowDown");
  }
  throw new Error(`the arrows do not reach ${String(wanted)}`);
}
