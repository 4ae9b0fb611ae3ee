import { call, expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, test, type World } from "./fixtures";
import type { Page } from "@playwright/test";

const mlflow = "/api/2.0/mlflow";

interface FoundRuns {
  runs: { info: { run_id: string; run_name: string } }[];
}

/** The runs that a filter finds, as the owner. */
async function runs(page: Page, world: World, filter: string): Promise<FoundRuns["runs"]> {
  const answer = (await call(page, world, "ada", "POST", `${mlflow}/runs/search`, { experiment_ids: [world.things.experiment], filter })) as FoundRuns;
  return answer.runs;
}

/** An experiment of this test alone, with runs of these names; the last one is running. Gives the experiment's ID and the last run's. */
async function ownExperiment(page: Page, world: World, names: string[]): Promise<[string, string]> {
  const make = (path: string, body: unknown) => call(page, world, "ada", "POST", `${mlflow}/${path}`, body);
  const { experiment_id } = (await make("experiments/create", { name: `own ${String(Date.now())} ${names.join(" ")}` })) as { experiment_id: string };
  let last = "";
  for (const run_name of names) {
    const { run } = (await make("runs/create", { experiment_id, run_name, start_time: Date.now() })) as { run: { info: { run_id: string } } };
    last = run.info.run_id;
    await make("runs/log-parameter", { run_id: last, key: "depth", value: run_name });
    if (run_name !== names.at(-1)) await make("runs/update", { run_id: last, status: "FINISHED", end_time: Date.now() });
  }
  return [experiment_id, last];
}

const grid = (page: Page) => page.getByRole("grid", { name: "Runs" });
const row = (page: Page, name: string) => grid(page).getByRole("row").filter({ hasText: name });
const loaded = (page: Page) => page.getByTestId("runs-loaded");

test("the list of experiments: search, level, owner, and a new one", async ({ as }) => {
  const page = await as("ada", "/experiments");
  const table = page.getByRole("table", { name: "Experiments" });
  await expect(table.getByRole("link", { name: "churn", exact: true })).toBeVisible();
  await expect(table.getByRole("row").filter({ hasText: "churn" })).toContainText("Can manage");
  await page.getByLabel("Search experiments").fill("churn");
  await expect(table.getByRole("row")).toHaveCount(2);
  await expectAccessible(page);
  await shoot(page, "experiments-list");
  await page.getByRole("button", { name: "Create experiment" }).click();
  const name = `made in the console ${String(Date.now())}`;
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Tags").fill('team:growth stage:"early days"');
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expect(page.getByText("stage: early days")).toBeVisible();
  await expect(page.getByText("No runs yet")).toBeVisible();
  await shoot(page, "experiment-empty");
});

test("the runs table: filter with the server's reason, order, columns, paging", async ({ as, world }) => {
  const page = await as("ada", `/experiments/${world.things.experiment}`);
  await expect(row(page, "depth 14")).toBeVisible();
  await expect(loaded(page)).toHaveAttribute("data-done", "true");
  await expectAccessible(page);
  await expectNoOverflow(page);
  await shoot(page, "experiment-runs");
  const filter = page.getByLabel("Filter runs");
  await filter.fill("metrics.accuracy >");
  await filter.press("Enter");
  await expect(page.getByText(/metrics.accuracy|expected a/i).last()).toBeVisible();
  await filter.fill('metrics.loss < 0.2 and params.depth != "7"');
  await filter.press("Enter");
  await expect(loaded(page)).toHaveText("4 runs");
  await grid(page).getByRole("columnheader", { name: /loss/ }).click();
  await expect(grid(page).getByRole("columnheader", { name: /loss/ })).toHaveAttribute("aria-sort", "descending");
  await expect(grid(page).locator("[data-row='0']")).toContainText("depth 6");
  expect(page.url()).toContain("order=metrics.loss");
  await page.reload();
  await expect(grid(page).locator("[data-row='0']")).toContainText("depth 6");
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByLabel("Find a column").fill("solver");
  await page.getByRole("checkbox", { name: "solver" }).uncheck();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(grid(page).getByRole("columnheader", { name: /solver/ })).toHaveCount(0);
  await page.reload();
  await expect(grid(page).locator("[data-row='0']")).toBeVisible();
  await expect(grid(page).getByRole("columnheader", { name: /solver/ })).toHaveCount(0);
});

test("the runs table by keyboard: move, choose, compare", async ({ as, world }) => {
  const page = await as("reader", `/experiments/${world.things.experiment}?order=attributes.run_name`);
  await expect(loaded(page)).toHaveAttribute("data-done", "true");
  await grid(page).focus();
  await page.keyboard.press("End");
  await expect(grid(page)).toHaveAttribute("aria-activedescendant", /-16-1$/);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+Space");
  await expect(page.getByText("3 runs chosen")).toBeVisible();
  const remove = page.getByRole("group", { name: "Chosen runs" }).getByRole("button", { name: "Delete" });
  await expect(remove).toHaveAttribute("aria-disabled", "true");
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 3 runs" })).toBeVisible();
});

test("a run: overview, hostile description, charts and their table", async ({ as, world }) => {
  const page = await as("ada", `/experiments/${world.things.experiment}/runs/${world.things.run}`);
  await expect(page.getByRole("heading", { level: 1, name: "depth 14" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "accuracy" })).toContainText("0.928571");
  await expect(page.getByText("visits").first()).toBeVisible();
  await expectUnowned(page);
  await expectNoOverflow(page);
  await shoot(page, "run-overview");
  await page.getByRole("tab", { name: "Charts" }).click();
  await expect(page.locator("[data-chart=loss][data-drawn]")).toBeVisible();
  await expect(page.getByRole("img", { name: /Line chart of loss by step, 1 line/ })).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "run-charts");
  await page.getByRole("region", { name: "Metric loss" }).getByRole("button", { name: "Show as table" }).click();
  await expect(page.getByRole("table", { name: "Points of loss" }).getByRole("row")).toHaveCount(41);
});

test("a run is edited, and followed while it is running", async ({ as, world }) => {
  const page = await as("ada", "/experiments");
  const [experiment, id] = await ownExperiment(page, world, ["running"]);
  await page.goto(`${world.url}/#/experiments/${experiment}/runs/${id}`);
  await expect(page.getByText("Running").first()).toBeVisible();
  await page.getByRole("button", { name: /tags to/ }).click();
  await page.getByLabel("Key").fill("stage");
  await page.getByLabel("Value").fill("early");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("stage: early")).toBeVisible();
  await call(page, world, "ada", "POST", `${mlflow}/runs/log-metric`, { run_id: id, key: "live", value: 7.25, timestamp: 1, step: 0 });
  await expect(page.getByRole("row").filter({ hasText: "live" })).toContainText("7.25", { timeout: 8000 });
});

test("who may only read a run cannot edit it", async ({ as, world }) => {
  const page = await as("reader", `/experiments/${world.things.experiment}/runs/${world.things.run}`);
  for (const name of [/the description/, /tags of/]) await expect(page.getByRole("button", { name })).toHaveAttribute("aria-disabled", "true");
});

const files: [string, string, (page: Page) => Promise<void>][] = [
  ["notes.txt", "text", async (page) => expect(page.getByText("of two lines")).toBeVisible()],
  ["table.csv", "table", async (page) => expect(page.getByRole("region", { name: "Table table.csv" }).getByRole("row")).toHaveCount(3)],
  ["data.json", "json", async (page) => expect(page.getByText("list [3]")).toBeVisible()],
  ["readme.md", "markdown", async (page) => expect(page.getByRole("heading", { name: "Read me" })).toBeVisible()],
  ["shape.svg", "svg", async (page) => expect(page.getByRole("img", { name: "Artifact shape.svg" })).toBeVisible()],
  ["files/dot.png", "image", async (page) => expect(page.getByRole("img", { name: "Artifact files/dot.png" })).toBeVisible()],
  ["files/blob.bin", "other", async (page) => expect(page.getByText("Not shown here")).toBeVisible()],
];

for (const [path, name, sees] of files) {
  test(`artifact ${path}`, async ({ as, world }) => {
    const page = await as("reader", `/experiments/${world.things.experiment}/runs/${world.things.run}?tab=artifacts&path=${encodeURIComponent(path)}`);
    await expect(page.getByRole("treegrid", { name: "Artifacts" })).toBeVisible();
    await sees(page);
    await expectUnowned(page);
    await expectAccessible(page);
    await shoot(page, `artifact-${name}`);
  });
}

test("an HTML artifact is shown without its scripts", async ({ as, world }) => {
  const page = await as("ada", `/experiments/${world.things.experiment}/runs/${world.things.run}?tab=artifacts&path=report.html`);
  const frame = page.locator("iframe");
  await expect(frame).toHaveAttribute("sandbox", "");
  await expect(frame.contentFrame().getByText("below")).toBeVisible();
  await expectUnowned(page);
});

test("comparing runs: chart, table, differences only", async ({ as, world }) => {
  const page = await as("reader", "/compare");
  await expect(page.getByText("Choose runs first")).toBeVisible();
  const found = await runs(page, world, "params.solver = 'lbfgs'");
  await page.goto(`${world.url}/#/compare?runs=${found.map((run) => run.info.run_id).join(",")}`);
  await expect(page.locator("[data-chart][data-drawn]")).toBeVisible();
  const values = page.getByRole("table", { name: "Runs beside each other" });
  await expect(values.getByRole("rowheader", { name: "solver" })).toBeVisible();
  await page.getByText("Differences only").click();
  await expect(values.getByRole("rowheader", { name: "solver" })).toHaveCount(0);
  await expect(values.getByRole("rowheader", { name: /learning_rate/ })).toBeVisible();
  await expectAccessible(page);
  await expectNoOverflow(page);
  await shoot(page, "compare");
});

test("logged models: list and page", async ({ as, world }) => {
  const page = await as("reader", `/experiments/${world.things.experiment}?tab=models`);
  const table = page.getByRole("table", { name: "Logged models" });
  await expect(table.getByRole("row")).toHaveCount(4);
  await expectAccessible(page);
  await table.getByRole("link", { name: "model" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "model" })).toBeVisible();
  await expect(page.getByRole("link", { name: /churn \d/ }).first()).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "logged-model");
  await page.getByRole("tab", { name: "Artifacts" }).click();
  await page.getByRole("row", { name: /MLmodel/ }).click();
  await expect(page.getByText("model_uuid").first()).toBeVisible();
});

test("a stranger learns nothing", async ({ as, world }) => {
  for (const path of [`/experiments/${world.things.experiment}`, `/experiments/${world.things.experiment}/runs/${world.things.run}`]) {
    const page = await as("stranger", path);
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByText("depth 14")).toHaveCount(0);
  }
});

test("runs are deleted and come back", async ({ as, world }) => {
  const page = await as("ada", "/experiments");
  const [experiment] = await ownExperiment(page, world, ["first", "second", "third"]);
  await page.goto(`${world.url}/#/experiments/${experiment}?filter=params.depth%20%3D%20%22second%22`);
  await row(page, "second").getByRole("gridcell").first().click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete 1 run" }).click();
  await expect(page.getByText("No run matches the filter")).toBeVisible();
  await page.goto(`${world.url}/#/experiments/${experiment}?view=deleted`);
  await row(page, "second").getByRole("gridcell").first().click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Restore 1 run" }).click();
  await expect(page.getByText("No deleted runs")).toBeVisible();
});
