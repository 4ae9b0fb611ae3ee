import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request, type APIRequestContext } from "@playwright/test";
import { expect, test as shared, type PersonName, type World } from "./fixtures";

const adminToken = "a".repeat(40);

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Makes a user and takes his first token by a one-time link, as people do. */
async function person(api: APIRequestContext, name: string): Promise<{ name: string; token: string }> {
  const headers = { Authorization: `Bearer ${adminToken}` };
  const made = await api.post("/api/2.0/preview/scim/v2/Users", { headers, data: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: name } });
  expect(made.status(), await made.text()).toBe(201);
  const link = (await (await api.post("/api/governance/1.0/login-links", { headers, data: { user_name: name } })).json()) as { login_link: string };
  const taken = await api.post(new URL(link.login_link).pathname, { headers: { Accept: "application/json" }, data: {} });
  return { name, token: ((await taken.json()) as { token_value: string }).token_value };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const end = new Promise((done) => server.once("exit", done));
  server.kill("SIGTERM");
  await end;
}

async function makeWorld(url: string): Promise<World> {
  const api = await request.newContext({ baseURL: url });
  await expect(async () => { expect((await api.get("/health")).ok()).toBe(true); }).toPass();
  const names = { ada: "ada@example.com", reader: "rita@example.com", stranger: "sam@example.com", second: "max@example.com", auditor: "audrey@example.com" };
  const people: Partial<World["people"]> = { admin: { name: "admin", token: adminToken } };
  for (const [who, name] of Object.entries(names)) people[who as PersonName] = await person(api, name);
  await api.dispose();
  return { url, people: people as World["people"], things: {} as World["things"] };
}

/** The same fixtures with a server of its own for each test, empty but for the people: for what changes the whole workspace. */
export const test = shared.extend({
  world: async ({}, use) => {
    const binary = process.env.BAILIWICK_TEST_BINARY;
    if (!binary) throw new Error("BAILIWICK_TEST_BINARY must name the server");
    const folder = await mkdtemp(join(tmpdir(), "bailiwick-own-"));
    const port = await freePort();
    const server = spawn(binary, ["serve", "--listen", `127.0.0.1:${String(port)}`, "--data", join(folder, "data"), "--webhooks-allow", "127.0.0.1"], {
      env: { ...process.env, BAILIWICK_ADMIN_TOKEN: adminToken }, stdio: "ignore",
    });
    try {
      await use(await makeWorld(`http://127.0.0.1:${String(port)}`));
    } finally {
      await ended(server);
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** What came to a receiver of webhooks. */
export interface Received {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Listens for webhooks on this machine and answers each with a status. */
export async function receiver(status = 200): Promise<{ url: string; got: Received[]; close: () => void }> {
  const got: Received[] = [];
  const server = createServer((asked, answer) => {
    let body = "";
    asked.on("data", (part: Buffer) => (body += part.toString()));
    asked.on("end", () => {
      got.push({ headers: asked.headers, body });
      answer.writeHead(status).end("heard");
    });
  });
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`, got, close: () => { server.close(); } };
}
