// Prints what the browser loads for the first screen (the entry and all it imports at once, and the home page) and for each later screen,
// compressed. Fails when the first screen is above the limit.
import { existsSync, readFileSync, statSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const limit = 300_000;
const manifest = JSON.parse(readFileSync("dist/manifest.json", "utf8"));
const size = (file) => (existsSync(`dist/${file}.br`) ? statSync(`dist/${file}.br`).size : brotliCompressSync(readFileSync(`dist/${file}`)).length);

function reach(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) reach(next, seen);
  return seen;
}

const sum = (keys) => [...keys].reduce((n, k) => n + size(manifest[k].file), 0);
const styles = (keys) => [...new Set([...keys].flatMap((k) => manifest[k].css ?? []))].reduce((n, f) => n + size(f), 0);
const kB = (n) => `${(n / 1000).toFixed(1).padStart(8)} kB`;

const first = reach("index.html");
reach("src/home/HomePage.tsx", first);
console.log(`${kB(sum(first))} JavaScript, ${kB(styles(first)).trim()} styles: first screen`);
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || first.has(key)) continue;
  const more = [...reach(key)].filter((k) => !first.has(k));
  console.log(`${kB(sum(more))} more: ${chunk.src ?? key}`);
}
if (sum(first) > limit) {
  console.error(`the first screen is above ${limit / 1000} kB`);
  process.exit(1);
}
