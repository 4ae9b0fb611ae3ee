import { call, expect, expectNoOverflow, expectUnowned, shoot, test } from "./fixtures";

const rest = "/api/2.0/mlflow";
const evil = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script>";
const long = "z".repeat(200);
const markdown = `# Heading\n\n[press](javascript:document.title='owned') ${evil}\n\n![x](https://elsewhere.example.com/x.png)\n\n${long}`;

test("what people write into runs, models and requests is shown, runs nothing and keeps the layout", async ({ as, world }) => {
  test.setTimeout(120_000);
  const page = await as("ada");
  const post = (path: string, data: unknown) => call(page, world, "ada", "POST", `${rest}/${path}`, data);
  const at = String(Date.now());
  const experimentName = `/Users/${world.people.ada.name}/${evil.replaceAll("/", "∕")} ${at}`;
  const { experiment_id } = (await post("experiments/create", { name: experimentName, tags: [{ key: "mlflow.note.content", value: markdown }] })) as { experiment_id: string };
  const { run } = (await post("runs/create", { experiment_id, run_name: `${evil}\u202e${long}`.slice(0, 240), tags: [{ key: "javascript:x", value: evil + long }, { key: "mlflow.note.content", value: markdown }] })) as { run: { info: { run_id: string } } };
  const run_id = run.info.run_id;
  await post("runs/log-parameter", { run_id, key: `p ${"q".repeat(100)}`, value: evil + long });
  await post("runs/log-metric", { run_id, key: "m".repeat(200), value: 1, timestamp: 1, step: 0 });
  const name = `${evil.replaceAll("/", "∕").replaceAll(":", " ")} ${at}`;
  await post("registered-models/create", { name, description: markdown, tags: [{ key: "a b", value: evil + long }] });
  const { model_version } = (await call(page, world, "ada", "GET", `${rest}/model-versions/get?name=${world.things.modelName}&version=1`)) as { model_version: { source: string; run_id?: string } };
  await post("model-versions/create", { name, source: model_version.source, run_id: model_version.run_id, description: markdown, tags: [{ key: "a/b.c", value: evil }] });
  await post("comments/create", { name, version: "1", comment: `${evil} ${long}` });
  await post("transition-requests/create", { name, version: "1", stage: "Staging", comment: `${evil} ${long}` });
  const model = `/models/${encodeURIComponent(name)}`;
  for (const [shown, place, words] of [
    ["experiment", `/experiments/${experiment_id}`, "onerror"],
    ["run", `/experiments/${experiment_id}/runs/${run_id}`, "onerror"],
    ["model", model, "onerror"],
    ["version", `${model}/versions/1`, "onerror"],
    ["comments", `${model}/versions/1?tab=activity`, "onerror"],
    ["requests", `/requests?whose=all&model=${encodeURIComponent(name)}`, "onerror"],
    ["access", `/access?object=${encodeURIComponent(`experiments/${experiment_id}`)}`, "onerror"],
    ["home", "/", ""],
  ] as const) {
    await page.setViewportSize({ width: 390, height: 900 });
    await page.goto(`${world.url}/#${place}`);
    await expect(page.getByRole("main")).toContainText(words);
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await expect(page.locator("a[href^='javascript:' i]")).toHaveCount(0);
    await expect(page.getByRole("main").locator("img[src='x'], script")).toHaveCount(0);
    await expectNoOverflow(page);
    await expectUnowned(page);
    await shoot(page, `hostile-${shown}`);
  }
});
