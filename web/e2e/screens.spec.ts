import { expect, expectAccessible, expectNoOverflow, expectUnowned, shoot, test, type PersonName, type World } from "./fixtures";

interface Screen {
  name: string;
  path: (things: World["things"]) => string;
  /** The heading of who may see it. */
  heading: RegExp;
  /** What others are told. */
  others?: Partial<Record<PersonName, RegExp>>;
}

const absent = /not found|does not exist|no such/i;
const refused = /may not|permission|administrators|not yours/i;
const hidden = { stranger: absent };
const administrators = { reader: refused, stranger: refused };

/** Every screen, whoever opens it: the administrator, one who may read, a stranger. */
const screens: Screen[] = [
  { name: "home", path: () => "/", heading: /./ },
  { name: "workspace", path: (t) => `/workspace?path=${encodeURIComponent(t.base)}`, heading: /projects|workspace/i, others: { reader: /projects|workspace|may not/i, stranger: /projects|workspace|may not/i } },
  { name: "folder", path: (t) => `/workspace?path=${encodeURIComponent(t.folderPath)}`, heading: /churn|workspace/i, others: { stranger: /churn|workspace|may not/i } },
  { name: "notebook", path: (t) => `/notebooks/${t.notebook}`, heading: /Explore/, others: { stranger: refused } },
  { name: "notebook-outputs", path: (t) => `/notebooks/${t.report}`, heading: /Report/, others: { stranger: refused } },
  { name: "experiments", path: () => "/experiments", heading: /Experiments/ },
  { name: "runs", path: (t) => `/experiments/${t.experiment}`, heading: /churn/, others: { stranger: refused } },
  { name: "run", path: (t) => `/experiments/${t.experiment}/runs/${t.run}`, heading: /depth|C=/, others: { stranger: refused } },
  { name: "run-charts", path: (t) => `/experiments/${t.experiment}/runs/${t.run}?tab=charts`, heading: /depth|C=/, others: { stranger: refused } },
  { name: "run-artifacts", path: (t) => `/experiments/${t.experiment}/runs/${t.run}?tab=artifacts`, heading: /depth|C=/, others: { stranger: refused } },
  { name: "compare", path: (t) => `/compare?runs=${t.run}`, heading: /Compare/i },
  { name: "models", path: () => "/models", heading: /Models/ },
  { name: "model", path: (t) => `/models/${t.modelName}`, heading: /churn/, others: hidden },
  { name: "version", path: (t) => `/models/${t.modelName}/versions/3`, heading: /churn|Version 3/, others: hidden },
  { name: "requests", path: () => "/requests", heading: /requests/i },
  { name: "access", path: (t) => `/access?object=${encodeURIComponent(`registered-models/${t.model}`)}&ability=view-model`, heading: /access|who can/i },
  { name: "access-person", path: () => "/access", heading: /access|who can/i },
  { name: "audit", path: () => "/audit", heading: /Audit/, others: administrators },
  { name: "settings-access-control", path: () => "/settings/access-control", heading: /Settings|Access control/ },
  { name: "settings-users", path: () => "/settings/users", heading: /Settings|Users/ },
  { name: "settings-groups", path: () => "/settings/groups", heading: /Settings|Groups/ },
  { name: "settings-service-principals", path: () => "/settings/service-principals", heading: /Settings|Service principals/ },
  { name: "settings-webhooks", path: () => "/settings/webhooks", heading: /Settings|Webhooks/ },
  { name: "settings-backups", path: () => "/settings/backups", heading: /Settings|Backups/ },
  { name: "settings-mlflow-ui", path: () => "/settings/mlflow-ui", heading: /Settings|MLflow/ },
  { name: "account", path: () => "/account", heading: /account/i },
  { name: "absent", path: () => "/no/such/page", heading: absent },
];

for (const who of ["admin", "reader", "stranger"] as const) {
  test.describe(`as ${who}`, () => {
    for (const screen of screens) {
      test(screen.name, async ({ as, world }) => {
        test.setTimeout(90_000);
        const page = await as(who, screen.path(world.things));
        const main = page.getByRole("main");
        const other = screen.others?.[who];
        if (other) await expect(main).toContainText(other);
        else await expect(main.getByRole("heading", { level: 1 })).toHaveText(screen.heading);
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
        await expectAccessible(page);
        for (const width of [320, 768, 1440]) {
          await page.setViewportSize({ width, height: 900 });
          await expectNoOverflow(page);
        }
        await expectUnowned(page);
        await shoot(page, who === "admin" ? screen.name : `${screen.name}-${who}`);
      });
    }
  });
}

test("sign in", async ({ browser, world, guard }) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await guard.watch(context, world.url);
  const page = await context.newPage();
  const wanted = `/#/experiments/${world.things.experiment}/runs/${world.things.run}`;
  await page.goto(world.url + wanted); // as MLflow's clients print it
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/sign in/i);
  await expectAccessible(page);
  await shoot(page, "sign-in");
  const field = page.getByLabel(/token/i).first();
  await field.fill("wrong");
  await field.press("Enter");
  await expect(page.getByRole("alert").or(page.getByText(/unknown, revoked or expired/i)).first()).toBeVisible();
  await expectAccessible(page);
  await field.fill(world.people.ada.token);
  await field.press("Enter");
  await expect(page.getByRole("main").getByRole("heading", { level: 1 })).toHaveText(/depth|C=/);
  expect(page.url()).toBe(world.url + wanted);
  await context.close();
});
