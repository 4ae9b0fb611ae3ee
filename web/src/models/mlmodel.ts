/** Reads what MLflow's MLmodel file says of a model: flavours, signature, sizes. The file is YAML as PyYAML writes it; only that much is read. */

export interface Flavor {
  name: string;
  /** loader_module, sklearn_version, …: the plain values below the flavour. */
  facts: [string, string][];
}

export interface Field {
  name: string;
  type: string;
  required: boolean;
}

export interface MLmodel {
  flavors: Flavor[];
  inputs: Field[] | undefined;
  outputs: Field[] | undefined;
  params: Field[] | undefined;
  mlflowVersion: string | undefined;
  modelId: string | undefined;
  runId: string | undefined;
}

export type Yaml = string | YamlMap;
export interface YamlMap {
  [key: string]: Yaml;
}

interface Line {
  indent: number;
  key: string;
  /** The pieces of its scalar, one from each line of the file. */
  parts: string[];
  /** The quote of a text that has not ended yet. */
  open: string;
}

/** The most of a file that is read: an MLmodel has some kB, and files come from anybody. */
const most = 1_000_000;

/** Reads nested mappings of scalars; lists are left out, as nothing here is read from them. */
export function readYaml(text: string): YamlMap {
  const root: YamlMap = {};
  const open: { indent: number; map: YamlMap }[] = [{ indent: -1, map: root }];
  for (const line of linesOf(text.slice(0, most))) {
    while (open.length > 1 && (open.at(-1)?.indent ?? -1) >= line.indent) open.pop();
    const map = open.at(-1)?.map ?? root;
    const rest = line.parts.join("");
    const value = rest === "" ? {} : scalar(rest);
    // Not map[key] = value: a key such as __proto__ must be a key like any other.
    Object.defineProperty(map, line.key, { value, enumerable: true, configurable: true, writable: true });
    if (typeof value !== "string") open.push({ indent: line.indent, map: value });
  }
  return root;
}

const keyed = /^( *)("[^"]*"|'[^']*'|[^\s'"#:-][^:]*|-[^\s:][^:]*):(?:\s+(.*))?$/;

/** Joins lines that belong to one scalar: quoted ones until the quote ends, plain ones that are indented further. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const last = lines.at(-1);
    const match = last?.open ? null : keyed.exec(raw);
    if (last?.open) extend(last, raw.trim());
    else if (match) lines.push(lineOf(match));
    else if (last && last.parts.length > 0 && /^ *[^\s#-]/.test(raw) && indentOf(raw) > last.indent) last.parts.push(` ${raw.trim()}`);
  }
  return lines;
}

function lineOf(match: RegExpExecArray): Line {
  const rest = (match[3] ?? "").trim();
  const open = turns(rest, rest.charAt(0)) ? rest.charAt(0) : "";
  return { indent: match[1]?.length ?? 0, key: unquoted((match[2] ?? "").trim()), parts: rest === "" ? [] : [rest], open };
}

function extend(line: Line, next: string) {
  const before = line.parts.at(-1) ?? "";
  line.parts.push(next === "" ? "\n" : folded(line.open, before, next));
  if (turns(next, line.open)) line.open = "";
}

/** Whether the text has an odd number of quotes, so that it opens or ends a quoted scalar; only each new piece is looked at. */
function turns(piece: string, quote: string): boolean {
  if (quote === "'") return (piece.split("'").length - 1) % 2 === 1;
  return quote === '"' && (piece.replace(/\\./g, "").split('"').length - 1) % 2 === 1;
}

const indentOf = (line: string) => line.length - line.trimStart().length;

/** A backslash at a line's end of a double-quoted text joins the lines without a space. */
function folded(quote: string, before: string, next: string): string {
  if (quote === '"' && before.endsWith("\\")) return `\u0000${next.replace(/^\\ /, " ")}`;
  return before.endsWith("\n") ? next : ` ${next}`;
}

function scalar(text: string): string {
  return text.startsWith("'") || text.startsWith('"') ? unquoted(text) : text.replace(/\s+#.*$/, "");
}

function unquoted(text: string): string {
  const quote = text.charAt(0);
  if (quote !== "'" && quote !== '"') return text;
  const end = text.lastIndexOf(quote);
  const inner = text.slice(1, end > 0 ? end : undefined);
  return quote === "'" ? inner.replaceAll("''", "'") : unescaped(inner.replaceAll("\\\u0000", ""));
}

/** YAML's escapes are JSON's and two more that PyYAML writes. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text.replaceAll("\n", "\\n").replace(/\\x([0-9A-Fa-f]{2})/g, "\\u00$1").replaceAll("\\ ", " ")}"`) as string;
  } catch {
    return text;
  }
}

const mapAt = (map: YamlMap, key: string): YamlMap => {
  const value = Object.hasOwn(map, key) ? map[key] : undefined;
  return typeof value === "object" ? value : {};
};

function textAt(map: YamlMap, key: string): string | undefined {
  const value = Object.hasOwn(map, key) ? map[key] : undefined;
  return typeof value === "string" && value !== "null" && value !== "" ? value : undefined;
}

/** Reads an MLmodel file; what it does not have is empty or undefined. */
export function readMLmodel(text: string): MLmodel {
  const root = readYaml(text);
  const signature = mapAt(root, "signature");
  return {
    flavors: flavorsOf(mapAt(root, "flavors")),
    inputs: fieldsOf(textAt(signature, "inputs")),
    outputs: fieldsOf(textAt(signature, "outputs")),
    params: fieldsOf(textAt(signature, "params")),
    mlflowVersion: textAt(root, "mlflow_version"),
    modelId: textAt(root, "model_id"),
    runId: textAt(root, "run_id"),
  };
}

function flavorsOf(flavors: YamlMap): Flavor[] {
  return Object.entries(flavors).map(([name, value]) => ({
    name,
    facts: typeof value === "string" ? [] : Object.entries(value).filter((e): e is [string, string] => typeof e[1] === "string" && e[1] !== "null"),
  }));
}

/** Reads one side of a signature: columns, or one tensor. */
function fieldsOf(json: string | undefined): Field[] | undefined {
  if (json === undefined) return undefined;
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.map(fieldOf) : undefined;
  } catch {
    return undefined;
  }
}

interface Spec {
  name?: unknown;
  type?: unknown;
  required?: unknown;
  optional?: unknown;
  items?: unknown;
  "tensor-spec"?: { dtype?: unknown; shape?: unknown };
}

function fieldOf(value: unknown, index: number): Field {
  const spec: Spec = typeof value === "object" && value !== null ? value : {};
  return { name: typeof spec.name === "string" ? spec.name : `(${index})`, type: typeOf(spec), required: spec.required !== false && spec.optional !== true };
}

function typeOf(spec: Spec): string {
  const tensor = spec["tensor-spec"];
  if (tensor) return `tensor of ${word(tensor.dtype)} ${JSON.stringify(tensor.shape ?? [])}`;
  if (spec.type === "array" && typeof spec.items === "object" && spec.items !== null) return `array of ${typeOf(spec.items)}`;
  return word(spec.type);
}

const word = (value: unknown): string => (typeof value === "string" ? value : "unknown");
