import type { BrowserContext, Page } from "@playwright/test";
import { call, expect, expectUnowned, test, type PersonName, type World } from "./fixtures";

// MLflow's own pages, unmodified, under /mlflow/: signed in by our session, decided by our rules, with no call to anywhere else.

/** Opens MLflow's pages as somebody. */
type Open = (who: PersonName, path: string) => Promise<Page>;

const pages = test.extend<{ open: Open }>({
  open: async ({ as, world, guard }, use) => {
    await use(async (who, path) => {
      const page = await as(who, "/");
      await quiet(page.context());
      await page.goto(`${world.url}/mlflow/#${path}`);
      return page;
    });
    guard.wrong.splice(0, guard.wrong.length, ...guard.wrong.filter((w) => !w.includes(restless)));
  },
});

/** What MLflow's pages write themselves when a window changes its size under their tables; it has no effect. */
const restless = "ResizeObserver loop completed with undelivered notifications";

/** MLflow's pages greet a new browser with two dialogs; they are for people. */
async function quiet(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    if (window !== window.top || window.origin === "null") return; // has no storage
    localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
    localStorage.setItem("_mlflow_model_registry_promo_modal_dismissed_v1", "true");
  });
}

/** No banner of an error, nothing that ran. */
async function expectCalm(page: Page): Promise<void> {
  await expect(page.locator('[class*="alert-error"], [class*="notification-notice-error"]')).toHaveCount(0);
  await expectUnowned(page);
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/screens/mlflow-ui-${name}.png` });
}

/** What the browser says when it refuses what is within a logged file: its script, its handlers, what it would load. */
const refusedInside = /policy: (script-src-(elem|attr)|img-src) |violates the following Content Security Policy directive/;

const runPath = (t: World["things"], tab = ""): string => `/experiments/${t.experiment}/runs/${t.run}${tab}`;

pages("without a session, the way leads over the console's sign-in, and back", async ({ browser, world, guard }) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await guard.watch(context, world.url);
  await quiet(context);
  const page = await context.newPage();
  const wanted = `#${runPath(world.things)}`;
  await page.goto(`${world.url}/mlflow/${wanted}`);
  expect(page.url()).toBe(`${world.url}/?next=mlflow${wanted}`);
  await page.getByLabel(/token/i).first().fill(world.people.ada.token);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Created by")).toBeVisible();
  expect(page.url()).toBe(`${world.url}/mlflow/${wanted}`);
  await context.close();
});

pages("runs table", async ({ open, world }) => {
  const page = await open("ada", `/experiments/${world.things.experiment}/runs`);
  for (const run of ["depth 14", "depth 3", "C=10.0"]) await expect(page.getByRole("link", { name: run, exact: true })).toBeVisible();
  await expectCalm(page);
  await shoot(page, "runs");
  await page.getByRole("searchbox").or(page.getByPlaceholder(/metrics\.rmse/)).first().fill("metrics.accuracy > 0.93");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "C=0.1", exact: true })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "C=10.0", exact: true })).toBeVisible();
  await expectCalm(page);
});

pages("run: overview and charts", async ({ open, world }) => {
  const page = await open("ada", runPath(world.things));
  await expect(page.getByRole("heading", { name: "depth 14" })).toBeVisible();
  for (const text of ["learning_rate", "lbfgs", "accuracy", "visits", "What this is"]) await expect(page.getByText(text).first()).toBeVisible();
  await expectCalm(page);
  await shoot(page, "run");
  await page.getByRole("tab", { name: "Model metrics" }).or(page.getByRole("link", { name: "Model metrics" })).first().click();
  await expect(page.locator(".js-plotly-plot")).toHaveCount(2);
  await expect(page.locator(".js-plotly-plot .scatterlayer path.js-line").first()).toBeVisible();
  await expectCalm(page);
  await shoot(page, "metrics");
});

pages("run: artifacts", async ({ open, world, guard }) => {
  const page = await open("ada", runPath(world.things, "/artifacts"));
  await page.getByText("notes.txt", { exact: true }).click();
  await expect(page.getByText("of two lines")).toBeVisible();
  await page.getByText("table.csv", { exact: true }).click();
  await expect(page.getByText("4", { exact: true }).first()).toBeVisible();
  await page.getByText("report.html", { exact: true }).click();
  await expect(page.frameLocator("iframe").getByRole("heading", { name: "Report" })).toBeVisible();
  await expect.poll(() => guard.wrong.filter((w) => w.includes("inline")).length, "its script and its handler are refused").toBeGreaterThan(1);
  guard.wrong.splice(0, guard.wrong.length, ...guard.wrong.filter((w) => !refusedInside.test(w)));
  await shoot(page, "html");
  await expectCalm(page);
  await page.getByText("files", { exact: true }).click();
  await page.getByText("dot.png", { exact: true }).click();
  await expect(page.locator('img[src^="blob:"], .js-plotly-plot image').first()).toBeAttached();
  await page.getByText("paper.pdf", { exact: true }).click();
  await expect(page.locator("canvas").first()).toBeVisible();
  await shoot(page, "pdf");
  await expectCalm(page);
});

pages("models, a version, comparing", async ({ open, world }) => {
  const { things } = world;
  const page = await open("ada", "/models");
  await page.getByRole("link", { name: things.modelName, exact: true }).click();
  await expect(page.getByText("champion")).toBeVisible();
  await expectCalm(page);
  await shoot(page, "model");
  await page.goto(`${world.url}/mlflow/#/models/${things.modelName}/versions/2`);
  await expect(page.getByRole("heading", { name: "Version 2" })).toBeVisible();
  await expect(page.getByRole("link", { name: "C=1.0" })).toBeVisible();
  await expectCalm(page);
  await shoot(page, "version");
  const runs = (await runsOf(page, world, "attributes.run_name LIKE 'depth %'")).slice(-2);
  const two = encodeURIComponent(JSON.stringify(runs.map((r) => r.info.run_id)));
  await page.goto(`${world.url}/mlflow/#/compare-runs?runs=${two}&experiments=${encodeURIComponent(JSON.stringify([things.experiment]))}`);
  await expect(page.getByRole("heading", { name: /Comparing 2 Runs/ })).toBeVisible();
  for (const run of runs) await expect(page.getByText(run.info.run_name, { exact: true }).first()).toBeVisible();
  await expect(page.locator(".js-plotly-plot .parcoords").first()).toBeAttached();
  await expect(page.getByText("WebGL is not supported")).toHaveCount(0);
  await expectCalm(page);
  await shoot(page, "compare");
});

interface Run {
  info: { run_id: string; run_name: string; lifecycle_stage: string };
}

async function runsOf(page: Page, world: World, filter: string): Promise<Run[]> {
  const found = await call(page, world, "ada", "POST", "/api/2.0/mlflow/runs/search", { experiment_ids: [world.things.experiment], filter });
  return (found as { runs?: Run[] }).runs ?? [];
}

pages("a reader sees, and deletes nothing", async ({ open, world }) => {
  const page = await open("reader", runPath(world.things));
  await expect(page.getByRole("heading", { name: "depth 14" })).toBeVisible();
  await expectCalm(page);
  await page.locator('[data-testid="overflow-menu-trigger"]').click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const refused = page.waitForResponse((r) => r.url().endsWith("/runs/delete"));
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  expect((await refused).status()).toBe(403);
  await expect(page.getByText(/rita@example.com may not/).first()).toBeVisible();
  await shoot(page, "reader-delete");
  const [run] = await runsOf(page, world, `attributes.run_id = '${world.things.run}'`);
  expect(run?.info.lifecycle_stage).toBe("active");
});

pages("a stranger sees nothing", async ({ open, world }) => {
  const page = await open("stranger", runPath(world.things));
  await expect(page.getByText(/not found|may not|permission|Can't load run/i).first()).toBeVisible();
  await shoot(page, "stranger-run");
  for (const text of ["depth 14", "lbfgs", "visits"]) await expect(page.getByText(text)).toHaveCount(0);
  await page.goto(`${world.url}/mlflow/#/experiments/${world.things.experiment}/runs`);
  await expect(page.getByText(/not found|may not|permission|load error/i).first()).toBeVisible();
  await expect(page.getByText("depth 3")).toHaveCount(0);
  await shoot(page, "stranger-runs");
});
