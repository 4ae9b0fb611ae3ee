import { expect, expectAccessible, expectNoOverflow, shoot } from "./fixtures";
import { test } from "./own";

test("a token that never ends is found, its impact is seen, and it is revoked with the reason in the ledger", async ({ as, world }) => {
  const page = await as("admin", "/settings/credentials");
  const api = page.context().request;
  const headers = { Authorization: `Bearer ${world.people.ada.token}` };
  const made = await api.post(`${world.url}/api/2.0/token/create`, { headers, data: { comment: "nightly job" } });
  const token = ((await made.json()) as { token_value: string }).token_value;
  const job = { Authorization: `Bearer ${token}` };
  const path = `/Users/${world.people.ada.name}/nightly`;
  expect((await api.post(`${world.url}/api/2.0/mlflow/experiments/create`, { headers: job, data: { name: path } })).status()).toBe(200);
  expect((await api.get(`${world.url}/api/2.0/mlflow/experiments/get-by-name`, { headers: job, params: { experiment_name: path } })).status()).toBe(200);

  await expect(async () => {
    await page.reload();
    const row = page.getByRole("table", { name: "Credentials" }).getByRole("row").filter({ hasText: "nightly job" });
    await expect(row).toContainText("never expires");
    await row.getByRole("button", { name: /^Impact of nightly job/ }).press("Enter");
    await expect(page.getByRole("table", { name: "What depends on it" })).toContainText(path, { timeout: 1000 });
  }).toPass({ timeout: 40_000 });
  await expectAccessible(page);
  await expectNoOverflow(page);
  await shoot(page, "settings-credentials-impact");

  await page.getByRole("button", { name: "Revoke…", exact: true }).press("Enter");
  const asked = page.getByRole("alertdialog", { name: "Revoke this credential?" });
  await asked.getByLabel("Reason, for the ledger").fill("nobody knows the job");
  await asked.getByRole("button", { name: "Revoke", exact: true }).press("Enter");
  await expect(page.getByText("The credential was revoked.")).toBeVisible();
  expect((await api.get(`${world.url}/api/governance/1.0/whoami`, { headers: job })).status()).toBe(401);
  const trail = await api.get(`${world.url}/api/governance/1.0/audit`, {
    headers: { Authorization: `Bearer ${world.people.admin.token}` }, params: { q: "action:revokeCredential" },
  });
  expect(await trail.text()).toContain("nobody knows the job");
});

test("somebody sees his own credentials and no others", async ({ as, world }) => {
  const page = await as("reader", "/settings/credentials");
  const table = page.getByRole("table", { name: "Credentials" });
  await expect(table).toContainText(world.people.reader.name);
  await expect(table).not.toContainText(world.people.ada.name);
  await expectAccessible(page);
});
