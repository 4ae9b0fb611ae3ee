/// <reference types="vitest/config" />
import { readFile, writeFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const compress = promisify(brotliCompress);
const compressible = /\.(js|css|html|svg|json|txt)$/;

/** Writes NAME.br beside each file worth it, which the server sends as it stands. */
function brotli(): Plugin {
  let out = "";
  return {
    name: "bailiwick:brotli",
    apply: "build",
    configResolved: (config) => {
      out = config.build.outDir;
    },
    closeBundle: async () => {
      const entries = await readdir(out, { recursive: true, withFileTypes: true });
      const files = entries.filter((e) => e.isFile() && compressible.test(e.name)).map((e) => join(e.parentPath, e.name));
      await Promise.all(files.map(twin));
    },
  };
}

async function twin(file: string) {
  const text = await readFile(file);
  if (text.length < 1024) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  await writeFile(`${file}.br`, await compress(text, { params }));
}

/** React Aria brings its words in thirty languages; the console speaks one (see I18nProvider in app/Root.tsx). */
function englishOnly(): Plugin {
  const foreign = /[\\/]react-(?:aria|stately|aria-components)[\\/].*[\\/]intl[\\/].*[\\/](?!en-US)[a-z]{2}-[A-Z]{2}\.m?js$/;
  return { name: "bailiwick:english", enforce: "pre", load: (id) => (foreign.test(id) ? "export default {}" : null) };
}

export default defineConfig({
  base: "/",
  plugins: [englishOnly(), react(), brotli()],
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    assetsDir: "assets",
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx"],
    environment: "node",
  },
});
