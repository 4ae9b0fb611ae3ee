import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { worldFile } from "./global-setup";

/** Who looks: an administrator, the owner of the things, one who may read them, one who may not, a second who decides, an auditor. */
export type PersonName = "admin" | "ada" | "reader" | "stranger" | "second" | "auditor";

export interface World {
  url: string;
  people: Record<PersonName, { name: string; token: string }>;
  things: Record<"base" | "folder" | "folderPath" | "notebook" | "report" | "experiment" | "experimentPath" | "run" | "model" | "modelName", string>;
}

/** Where bytes that people uploaded are shown, in frames of their own. */
const shownBytes = /\/api\/governance\/1\.0\/(artifacts\/view|notebooks\/\d+\/cells\/)/;

/** What a page may never do: break, break its policy, ask another host, run what somebody put into a name. */
export class Guard {
  readonly wrong: string[] = [];

  async watch(context: BrowserContext, origin: string): Promise<void> {
    context.on("page", (page) => {
      this.watchPage(page);
    });
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && url.origin !== origin) this.wrong.push(`asked another host: ${request.url()}`);
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (e) => {
        console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${String(e.lineNumber)}`);
      });
    });
  }

  private watchPage(page: Page): void {
    page.on("pageerror", (error) => this.wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      // The browser itself writes a line for every answer of 400 and above; those are asked for, and 501 is a refusal too. And it tells
      // that the sandbox of what somebody uploaded works, which is what these lines are there for.
      const wanted = /^Failed to load resource: the server responded with a status of (4|501)/.test(text) ||
        shownBytes.test(message.location().url) || (text.startsWith("Blocked script execution in ") && shownBytes.test(text));
      if (message.type() === "error" && !wanted) {
        this.wrong.push(`console: ${text} (${message.location().url})`);
      }
    });
  }
}

interface Fixtures {
  world: World;
  guard: Guard;
  /** Opens the console as somebody, signed in. */
  as: (who: PersonName, path?: string) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
   
  world: async ({}, use) => {
    await use(JSON.parse(readFileSync(worldFile, "utf8")) as World);
  },
   
  guard: [async ({}, use) => {
    const guard = new Guard();
    await use(guard);
    expect(guard.wrong, "console errors, policy violations, requests to other hosts").toEqual([]);
  }, { auto: true }],
  as: async ({ browser, world, guard }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (who, path = "/") => {
      const context = await signedIn(browser, world, who, guard);
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(`${world.url}/#${path}`);
      return page;
    });
    await Promise.all(contexts.map((c) => c.close()));
  },
});

async function signedIn(browser: Browser, world: World, who: PersonName, guard: Guard): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await guard.watch(context, world.url);
  const answer = await context.request.post(`${world.url}/api/governance/1.0/sessions`, {
    data: { token: world.people[who].token }, headers: { "X-Bailiwick-Console": "1" },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  return context;
}

/** The governance API as somebody, with his token: to prepare, and to see what came of it. */
export async function call(page: Page, world: World, who: PersonName, method: string, path: string, data?: unknown): Promise<unknown> {
  const answer = await page.context().request.fetch(world.url + path, {
    method, headers: { Authorization: `Bearer ${world.people[who].token}` }, ...(data === undefined ? {} : { data }),
  });
  expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBe(true);
  return answer.json();
}

const themes = ["light", "dark"] as const;

/** Changes the theme, and waits until it has been drawn. */
async function show(page: Page, colorScheme: (typeof themes)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn, 100)))));
}

/** No violation that axe finds, in both themes. What people uploaded is theirs, and its frames run no script, axe's neither: they need a title. */
export async function expectAccessible(page: Page, where = page.url()): Promise<void> {
  await expect(page.locator("iframe:not([title])")).toHaveCount(0);
  for (const colorScheme of themes) {
    await show(page, colorScheme);
    const found = await new AxeBuilder({ page })
      .exclude("iframe")
      .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
      .analyze();
    const told = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 4).map((n) => `${n.target.join(" ")} ${n.failureSummary}`).join("\n  ")}`);
    expect(told, `${where} (${colorScheme})`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Nothing is cut off sideways. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const { inner, whole } = await page.evaluate(() => ({ inner: window.innerWidth, whole: document.documentElement.scrollWidth }));
  expect(whole, `the page is ${String(whole)} px wide in a window of ${String(inner)}`).toBeLessThanOrEqual(inner);
}

/** Leaves pictures of a screen for people to look at: wide and narrow, light and dark. */
export async function shoot(page: Page, name: string): Promise<void> {
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of themes) {
      await show(page, colorScheme);
      await page.screenshot({ path: `test-results/screens/${name}-${String(width)}-${colorScheme}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Nothing that somebody put into a name, a text or a file has run. */
export async function expectUnowned(page: Page): Promise<void> {
  expect(await page.title()).not.toBe("owned");
  for (const frame of page.frames()) {
    if (frame !== page.mainFrame()) expect(await frame.title().catch(() => "")).not.toBe("owned");
  }
}

export { expect };
