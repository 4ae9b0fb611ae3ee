/** How files are shown, by their names: bytes are never guessed at, as on the server. */

export type Showing = "image" | "svg" | "pdf" | "html" | "table" | "json" | "markdown" | "text" | "none";

const byEnding: Record<string, Showing> = {
  png: "image",
  jpg: "image",
  jpeg: "image",
  gif: "image",
  webp: "image",
  bmp: "image",
  ico: "image",
  avif: "image",
  svg: "svg",
  pdf: "pdf",
  html: "html",
  htm: "html",
  csv: "table",
  tsv: "table",
  json: "json",
  geojson: "json",
  md: "markdown",
  markdown: "markdown",
};

const texts = new Set(
  `txt rst log jsonl ndjson yaml yml toml ini cfg conf properties env xml xhtml py pyi ipynb sql scala r sh bash java kt go rs c h cc cpp hpp js mjs
  ts tsx jsx css tex proto lock diff patch template jinja dockerfile gitignore`.split(/\s+/),
);

const languages: Record<string, string> = {
  py: "python",
  pyi: "python",
  ipynb: "json",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  yaml: "yaml",
  yml: "yaml",
  sql: "sql",
  scala: "scala",
  r: "r",
  sh: "bash",
  bash: "bash",
};

/** The last ending of a path in lower case; "" for none. */
export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** How a file is shown. Without an ending it is a text (MLmodel, LICENSE). */
export function showingOf(path: string): Showing {
  const ending = endingOf(path);
  return byEnding[ending] ?? (ending === "" || texts.has(ending) ? "text" : "none");
}

/** The language that a text is coloured in; MLmodel is YAML. */
export function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name === "MLmodel" ? "yaml" : languages[endingOf(path)];
}

/** What screen readers and badges call a file. */
export function kindText(path: string): string {
  const words: Partial<Record<Showing, string>> = { image: "Image", svg: "Image (SVG)", pdf: "PDF", html: "HTML", table: "Table", json: "JSON" };
  const ending = endingOf(path);
  return words[showingOf(path)] ?? (ending === "" ? "Text" : ending.toUpperCase());
}
