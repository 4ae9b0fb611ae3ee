import { describe, expect, test } from "vitest";
import { readTable } from "./csv";
import { kindText, languageOf, showingOf } from "./kinds";
import { foldersAbove, listing, nameOf, saveAddress, sourceKey, viewAddress, type ArtifactSource } from "./source";
import { mlflowTable, mostRows, numberColumns } from "./table";
import { inOrder } from "./useArtifacts";

const run: ArtifactSource = { kind: "run", run: "r1" };
const model: ArtifactSource = { kind: "logged-model", model: "m-1" };
const version: ArtifactSource = { kind: "version", name: "churn & co", version: "3" };

describe("addresses", () => {
  test.each([
    [run, "/api/governance/1.0/artifacts/view?run_id=r1&path=a+b%2Fc.txt", "/ajax-api/2.0/mlflow/get-artifact?run_id=r1&path=a+b%2Fc.txt"],
    [
      model,
      "/api/governance/1.0/artifacts/view?model_id=m-1&path=a+b%2Fc.txt",
      "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=a+b%2Fc.txt",
    ],
    [
      version,
      "/api/governance/1.0/artifacts/view?name=churn+%26+co&version=3&path=a+b%2Fc.txt",
      "/model-versions/get-artifact?name=churn+%26+co&version=3&path=a+b%2Fc.txt",
    ],
  ])("%o", (source, view, save) => {
    expect(viewAddress(source, "a b/c.txt")).toBe(view);
    expect(saveAddress(source, "a b/c.txt")).toBe(save);
  });

  test("listing", () => {
    expect(listing(run, "")).toEqual({ path: "/ajax-api/2.0/mlflow/artifacts/list", params: { run_id: "r1", path: undefined, page_token: undefined } });
    expect(listing(model, "a", "t").params).toEqual({ artifact_directory_path: "a", page_token: "t" });
    expect(listing(version, "a").params).toEqual({ name: "churn & co", version: "3", path: "a", page_token: undefined });
    expect([run, model, version].map(sourceKey)).toEqual(["runs/r1", "models/m-1", "versions/churn & co/3"]);
  });

  test("paths", () => {
    expect(nameOf("a/b/c")).toBe("c");
    expect(nameOf("c")).toBe("c");
    expect(foldersAbove("a/b/c")).toEqual(["a", "a/b"]);
    expect(foldersAbove("c")).toEqual([]);
  });

  test("order of entries", () => {
    const entries = [{ path: "b10" }, { path: "b9" }, { path: "z", is_dir: true }, { path: "a/é" }];
    expect(inOrder(entries).map((e) => e.path)).toEqual(["z", "b9", "b10", "a/é"]);
  });
});

describe("kinds", () => {
  test.each([
    ["plot.PNG", "image", undefined, "Image"],
    ["a/b.svg", "svg", undefined, "Image (SVG)"],
    ["report.pdf", "pdf", undefined, "PDF"],
    ["x.html", "html", undefined, "HTML"],
    ["t.csv", "table", undefined, "Table"],
    ["t.tsv", "table", undefined, "Table"],
    ["a.json", "json", "json", "JSON"],
    ["README.md", "markdown", undefined, "MD"],
    ["model/MLmodel", "text", "yaml", "Text"],
    ["conda.yaml", "text", "yaml", "YAML"],
    ["train.py", "text", "python", "PY"],
    ["model.pkl", "none", undefined, "PKL"],
    ["folder.v2/LICENSE", "text", undefined, "Text"],
    ["a.html.exe", "none", undefined, "EXE"],
  ])("%s", (path, showing, language, words) => {
    expect(showingOf(path)).toBe(showing);
    expect(languageOf(path)).toBe(language);
    expect(kindText(path)).toBe(words);
  });
});

describe("tables", () => {
  test("csv with quotes, empty lines and short rows", () => {
    const data = readTable('a,"b ""x""",c\n1,"two, lines\nhere",3\n\n4\n', "t.csv");
    expect(data).toEqual({ head: ["a", 'b "x"', "c"], rows: [["1", "two, lines\nhere", "3"], ["4"]], cut: false });
    expect(numberColumns(data)).toEqual([true, false, true]);
  });

  test("tsv keeps commas", () => {
    expect(readTable("a\tb\n1,5\t2\n", "t.tsv").rows).toEqual([["1,5", "2"]]);
  });

  test("only the beginning is read", () => {
    const data = readTable("n\n" + Array.from({ length: 3000 }, (_, i) => i).join("\n"), "t.csv");
    expect(data.rows.length).toBe(mostRows);
    expect(data.cut).toBe(true);
    expect(readTable("n\n" + Array.from({ length: mostRows }, (_, i) => i).join("\n"), "t.csv").cut).toBe(false);
  });

  test("what log_table writes", () => {
    expect(mlflowTable({ columns: ["q", "n"], data: [["a", 1], [null, { x: 1 }]] })).toEqual({
      head: ["q", "n"],
      rows: [
        ["a", "1"],
        ["null", '{"x":1}'],
      ],
      cut: false,
    });
    for (const other of [null, 1, [], { columns: [] }, { columns: ["a"], data: [1] }]) expect(mlflowTable(other)).toBeUndefined();
  });
});
