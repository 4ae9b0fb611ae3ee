import { describe, expect, it } from "vitest";
import { loadDatabricksLines, loadLines, modelUris, pythonText, shellText, verifyLines } from "./code";
import { isWebAddress, modelPage, versionPage } from "./paths";

const words = { host: "http://127.0.0.1:5000", name: "iris", version: "3" };

describe("texts in code", () => {
  it.each([
    ["iris", '"iris"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["größe", '"größe"'],
    ["a\u202eb", '"a\\U0000202eb"'],
    ["😀", '"\\U0001f600"'],
  ])("Python: %s", (text, want) => {
    expect(pythonText(text)).toBe(want);
  });

  it.each([
    ["models:/iris/3", "models:/iris/3"],
    ["it's $HOME", "'it'\\''s $HOME'"],
    ["<script>", "'<script>'"],
  ])("shell: %s", (text, want) => {
    expect(shellText(text)).toBe(want);
  });
});

describe("modelUris", () => {
  it.each([
    [words, ["models:/iris/3"]],
    [{ ...words, stage: "None" }, ["models:/iris/3"]],
    [{ ...words, stage: "Production", alias: "champion" }, ["models:/iris/3", "models:/iris/Production", "models:/iris@champion"]],
    [{ ...words, stage: "Production", alias: "formal", prompt: true }, ["prompts:/iris/3", "prompts:/iris@formal"]],
  ])("%o", (given, want) => {
    expect(modelUris(given)).toEqual(want);
  });

  it("are all in the lines, but aliases not in Databricks' ones", () => {
    const all = { ...words, stage: "Staging", alias: "champion" };
    expect(loadLines(all)).toContain('# or: model = mlflow.pyfunc.load_model("models:/iris@champion")');
    expect(loadDatabricksLines(all)).not.toContain("champion");
    expect(loadDatabricksLines(all)).toContain("models:/iris/Staging");
    expect(loadLines({ ...words, prompt: true })).toContain('mlflow.genai.load_prompt("prompts:/iris/3")');
  });

  it("verifies by the version's own list", () => {
    expect(verifyLines({ ...words, name: "a b" })).toContain("http://127.0.0.1:5000/api/governance/1.0/models/a%20b/versions/3/SHA256SUMS");
    expect(verifyLines({ ...words, name: "a b" })).toContain("'models:/a b/3'");
  });
});

describe("addresses", () => {
  it("keep names in their segment", () => {
    expect(modelPage("a b&c?")).toBe("/models/a%20b%26c%3F");
    expect(versionPage("<b>", "1")).toBe("/models/%3Cb%3E/versions/1");
  });

  it.each([
    ["https://ci.example.org/1", true],
    ["HTTP://ci.example.org", true],
    ["javascript:alert(1)", false],
    ["data:text/html,x", false],
    ["//evil", false],
    ["", false],
    [undefined, false],
  ])("%s may be linked: %s", (text, want) => {
    expect(isWebAddress(text)).toBe(want);
  });
});
