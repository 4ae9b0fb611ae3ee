import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";

export const worldFile = "test-results/world.json";

/** Starts the server with its world, made by real clients (world.py), and gives what stops it. */
export default async function setup(): Promise<() => Promise<void>> {
  await rm("test-results/screens", { recursive: true, force: true });
  await mkdir("test-results/screens", { recursive: true });
  const python = process.env.BAILIWICK_TEST_PYTHON;
  if (!python) throw new Error("BAILIWICK_TEST_PYTHON must name the clients' Python; run the suites by scripts/console browser");
  const ui = process.env.BAILIWICK_TEST_MLFLOW_UI;
  const world = spawn(python, ["e2e/world.py", ...(ui ? ["--mlflow-ui", ui] : [])], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((done) => world.once("exit", done));
  let said = "";
  world.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-20_000)));
  let found = "";
  for await (const line of createInterface({ input: world.stdout })) {
    if (line.startsWith('{"url"')) {
      found = line;
      break;
    }
  }
  if (!found) throw new Error(`the world was not made (${String(await ended)}):\n${said}`);
  world.stdout.resume();
  await writeFile(worldFile, found);
  return async () => {
    world.stdin.end();
    const code = await ended;
    if (code !== 0) throw new Error(`the server stopped with ${String(code)}:\n${said.slice(-4000)}`);
  };
}
