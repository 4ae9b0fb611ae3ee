// Measures the console in Chromium against a running server, and prints one line of JSON for each measure: {"name", "value", "unit"}, and for
// what a page told, so that whoever made the data can compare it: {"name", "told"}.
//
//   BAILIWICK_URL=http://127.0.0.1:5000 BAILIWICK_TOKEN=… node e2e/speed.mjs --runs EXPERIMENT [--chart EXPERIMENT]
//
// --runs names an experiment with very many runs (100,000) and a metric "acc"; --chart one with 100 runs that have 1,000 points of "loss".
import process from "node:process";
import { createRequire } from "node:module";

// playwright-core comes with @playwright/test; no test runner is wanted here.
const require = createRequire(import.meta.url);
const { chromium } = createRequire(require.resolve("@playwright/test"))("playwright-core");

const url = process.env.BAILIWICK_URL ?? "http://127.0.0.1:5000";
const token = process.env.BAILIWICK_TOKEN ?? "";
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const rowHeight = 34;
const wanted = { "--runs": undefined, "--chart": undefined };
for (let i = 2; i < process.argv.length; i += 2) {
  if (!(process.argv[i] in wanted) || process.argv[i + 1] === undefined) {
    console.error("usage: speed.mjs --runs EXPERIMENT [--chart EXPERIMENT]");
    process.exit(2);
  }
  wanted[process.argv[i]] = process.argv[i + 1];
}

const print = (name, value, unit) => console.log(JSON.stringify({ name, value: Math.round(value * 10) / 10, unit }));

const tell = (name, told) => console.log(JSON.stringify({ name, told }));

/** Counts, in the page, long tasks and the time between frames. */
function recorder() {
  const state = { longest: 0, frames: [], on: false };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (state.on) state.longest = Math.max(state.longest, entry.duration);
  }).observe({ type: "longtask" });
  let last = 0;
  const tick = (now) => {
    if (state.on && last > 0) state.frames.push(now - last);
    last = state.on ? now : 0;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  globalThis.record = {
    /** What tells one search's rows from another's. */
    shown: () => {
      const loaded = document.querySelector("[data-testid=runs-loaded]");
      const first = document.querySelector("[role=grid] [data-row='0']");
      return [first?.textContent, loaded?.getAttribute("data-loaded"), loaded?.getAttribute("data-done")].join();
    },
    start: () => Object.assign(state, { longest: 0, frames: [], on: true }),
    stop: () => {
      state.on = false;
      return { longest: state.longest, frames: state.frames };
    },
  };
}

/** Does something while frames and tasks are counted, and prints them. */
async function watched(page, name, act) {
  await page.evaluate(() => globalThis.record.start());
  await act();
  const { longest, frames } = await page.evaluate(() => globalThis.record.stop());
  frames.sort((a, b) => a - b);
  print(`${name}: longest task`, longest, "ms");
  print(`${name}: frames, p95`, frames[Math.floor(frames.length * 0.95)] ?? 0, "ms");
  print(`${name}: frames, longest`, frames.at(-1) ?? 0, "ms");
  print(`${name}: frames above 50 ms`, (100 * frames.filter((f) => f > 50).length) / Math.max(1, frames.length), "%");
}

async function timed(name, act) {
  const start = performance.now();
  await act();
  print(name, performance.now() - start, "ms");
}

const loadedOf = (page) => page.locator("[data-testid=runs-loaded]").evaluate((e) => ({ loaded: Number(e.dataset.loaded), done: e.dataset.done === "true" }));
const rows = (page) => page.locator("[role=grid] [role=row][data-row='0']");

/** What the first screen takes to load: compressed JavaScript, and the time until its heading stands. */
async function firstScreen(context) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  const scripts = new Set();
  let bytes = 0;
  cdp.on("Network.responseReceived", ({ requestId, type }) => type === "Script" && scripts.add(requestId));
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => scripts.has(requestId) && (bytes += encodedDataLength));
  await timed("first screen: time to its heading", async () => {
    await page.goto(`${url}/#/`);
    await page.locator("h1").first().waitFor();
  });
  await page.waitForLoadState("networkidle");
  print("first screen: compressed JavaScript", bytes / 1000, "kB");
  await page.close();
}

/** Waits until a search that changes the table has its first rows. */
async function searched(page, name, act) {
  const before = await page.evaluate(() => globalThis.record.shown());
  await timed(name, async () => {
    await act();
    await page.waitForFunction(
      (old) => document.querySelector("[role=grid]")?.getAttribute("aria-busy") === "false" && globalThis.record.shown() !== old,
      before,
    );
  });
}

/** The name of the first run in the table, and its whole value of acc. */
const firstRun = (page) =>
  rows(page).evaluate((row) => {
    const head = [...document.querySelectorAll("[role=columnheader]")].find((h) => h.title.endsWith(" acc"));
    return [row.querySelector("a").textContent, row.querySelector(`[data-col="${head?.dataset.col}"]`)?.title];
  });

/** Where the table is scrolled to, and whether that is the end of all runs. */
const scrolled = (grid) =>
  grid.evaluate((e) => ({
    at: e.scrollTop,
    end: e.scrollTop + e.clientHeight >= e.scrollHeight - 1 && document.querySelector("[data-testid=runs-loaded]").dataset.done === "true",
  }));

async function runsTable(context, experiment) {
  const page = await context.newPage();
  await page.addInitScript(recorder);
  await timed("runs table: time to the first rows", async () => {
    await page.goto(`${url}/#/experiments/${experiment}`);
    await rows(page).waitFor();
  });
  tell("runs table: first run", await firstRun(page));
  const grid = page.locator("[role=grid]");
  await grid.hover();
  await watched(page, "scrolling through 20,000 runs by wheel", async () => {
    const start = performance.now();
    const goal = 20_000 * rowHeight;
    let [at, end] = [0, false];
    while (at < goal && !end && performance.now() - start < 120_000) {
      await page.mouse.wheel(0, 60 * rowHeight);
      await page.waitForTimeout(16);
      ({ at, end } = await scrolled(grid));
    }
    print("scrolling through 20,000 runs by wheel: rows passed", at / rowHeight, "rows");
    print("scrolling through 20,000 runs by wheel: time", performance.now() - start, "ms");
  });
  await grid.focus();
  await watched(page, "pressing End until all runs are loaded", async () => {
    const start = performance.now();
    let state = await loadedOf(page);
    while (!state.done && performance.now() - start < 180_000) {
      await page.keyboard.press("Control+End");
      await page.waitForTimeout(300);
      state = await loadedOf(page);
    }
    print("pressing End until all runs are loaded: runs", state.loaded, "runs");
    print("pressing End until all runs are loaded: time", performance.now() - start, "ms");
  });
  await watched(page, "jumping between first and last of all runs", async () => {
    for (let i = 0; i < 10; i += 1) {
      await page.keyboard.press(i % 2 ? "Control+End" : "Control+Home");
      await page.waitForTimeout(120);
    }
  });
  await page.keyboard.press("Control+Home");
  await searched(page, "runs table: filter to rows", async () => {
    await page.getByLabel("Filter runs").fill("metrics.acc > 0.5 and metrics.acc < 0.6");
    await page.keyboard.press("Enter");
  });
  await searched(page, "runs table: sort to rows", () => page.getByRole("columnheader", { name: /\bacc\b/ }).click());
  await page.close();
}

async function chart(context, experiment) {
  const answer = await context.request.post(`${url}/ajax-api/2.0/mlflow/runs/search`, {
    headers: { Authorization: `Bearer ${token}` },
    data: { experiment_ids: [experiment], max_results: 100 },
  });
  const ids = (await answer.json()).runs.map((run) => run.info.run_id);
  const page = await context.newPage();
  await page.addInitScript(recorder);
  await page.goto(`${url}/#/compare`);
  await page.locator("h1").first().waitFor();
  const name = `chart of ${ids.length} runs`;
  const canvas = page.locator("[data-chart]");
  await watched(page, `${name}: opening`, () =>
    timed(`${name}: time to drawn`, async () => {
      await page.evaluate((list) => (location.hash = `#/compare?runs=${list}`), ids.join(","));
      await page.locator("[data-chart][data-drawn]").waitFor({ timeout: 60_000 });
      await page.waitForFunction((n) => document.querySelector("[data-chart]")?.getAttribute("aria-label")?.includes(`${n} lines`), ids.length);
    }),
  );
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  await watched(page, `${name}: moving the pointer`, async () => {
    for (let i = 0; i < 120; i += 1) {
      await page.mouse.move(box.x + 80 + ((box.width - 120) * i) / 120, box.y + 60 + (i % 20) * 12);
    }
  });
  await watched(page, `${name}: zooming`, async () => {
    for (let i = 0; i < 6; i += 1) {
      await page.getByRole("button", { name: i < 3 ? "Show less, larger" : "Show more, smaller" }).click();
      await page.waitForTimeout(150);
    }
  });
  await page.getByRole("button", { name: "Show as table" }).click();
  const lines = page.getByRole("table", { name: /^Runs in the chart/ }).locator("tbody tr");
  await lines.first().waitFor();
  const told = await lines.evaluateAll((list) => list.map((row) => [...row.cells].slice(0, 4).map((cell) => cell.textContent)));
  tell("chart: lines", told.sort(([a], [b]) => (a < b ? -1 : 1)));
  await page.close();
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const signIn = await context.request.post(`${url}/api/governance/1.0/sessions`, { data: { token }, headers: { "X-Bailiwick-Console": "1" } });
  if (!signIn.ok()) throw new Error(`sign in: ${signIn.status()} ${await signIn.text()}`);
  await firstScreen(context);
  if (wanted["--runs"]) await runsTable(context, wanted["--runs"]);
  if (wanted["--chart"]) await chart(context, wanted["--chart"]);
} finally {
  await browser.close();
}
