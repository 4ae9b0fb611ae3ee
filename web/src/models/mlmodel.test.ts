import { describe, expect, it } from "vitest";
import { readMLmodel, readYaml } from "./mlmodel";

// As mlflow 3 writes it, long texts broken as PyYAML breaks them.
const file = `artifact_path: /tmp/model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.2
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.8.0
mlflow_version: 3.17.2
model_id: m-0123456789abcdef0123456789abcdef
model_size_bytes: 1000
run_id: null
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
signature:
  inputs: '[{"type": "double", "name": "sepal length (cm)", "required": true}, {"type":
    "double", "name": "it''s", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "temperature", "type": "float", "default": 0.5, "shape": null}]'
type_hint_from_example: false
utc_time_created: '2026-11-22 18:57:50.123456'
`;

describe("readMLmodel", () => {
  const model = readMLmodel(file);

  it("reads flavours with their plain facts", () => {
    expect(model.flavors.map((f) => f.name)).toEqual(["python_function", "sklearn"]);
    expect(model.flavors[0]?.facts).toEqual([
      ["loader_module", "mlflow.sklearn"],
      ["model_path", "model.pkl"],
      ["predict_fn", "predict"],
      ["python_version", "3.11.2"],
    ]);
    expect(model.flavors[1]?.facts.map(([key]) => key)).toEqual(["pickled_model", "serialization_format", "sklearn_version"]);
  });

  it("reads a signature that is broken over lines", () => {
    expect(model.inputs).toEqual([
      { name: "sepal length (cm)", type: "double", required: true },
      { name: "it's", type: "double", required: false },
    ]);
    expect(model.outputs).toEqual([{ name: "(0)", type: "tensor of int64 [-1]", required: true }]);
    expect(model.params).toEqual([{ name: "temperature", type: "float", required: true }]);
  });

  it("reads what else is there", () => {
    expect([model.mlflowVersion, model.modelId, model.runId]).toEqual(["3.17.2", "m-0123456789abcdef0123456789abcdef", undefined]);
  });

  it.each([
    ["", undefined],
    ["signature: null\n", undefined],
    ["signature:\n  inputs: 'no json'\n", undefined],
    ["signature:\n  inputs: '[1, null]'\n", [{ name: "(0)", type: "unknown", required: true }, { name: "(1)", type: "unknown", required: true }]],
    [
      `signature:\n  inputs: '[{"type": "array", "items": {"type": "string"}, "name": "words", "required": true}]'\n`,
      [{ name: "words", type: "array of string", required: true }],
    ],
  ])("makes the best of %j", (text, want) => {
    expect(readMLmodel(text).inputs).toEqual(want);
  });
});

describe("readYaml", () => {
  it.each([
    ["a: 1\nb: two words\n", { a: "1", b: "two words" }],
    ["a:\n  b:\n    c: x\n  d: y\ne: z\n", { a: { b: { c: "x" }, d: "y" }, e: "z" }],
    ["a: 'it''s'\n", { a: "it's" }],
    ['a: "tab\\there \\xE9"\n', { a: "tab\there é" }],
    ['a: "one \\\n  two"\nb: x\n', { a: "one two", b: "x" }],
    ["a: word\n  and more\nb: x\n", { a: "word and more", b: "x" }],
    ["a: x # a note\n# all of it\nb: y\n", { a: "x", b: "y" }],
    ['"a b": x\n', { "a b": "x" }],
    ["list:\n- one\n- two\nb: y\n", { list: {}, b: "y" }],
    ["a: http://host:80/x\n", { a: "http://host:80/x" }],
    ["a: 'open\n  for ever", { a: "open for ever" }],
  ])("reads %j", (text, want) => {
    expect(readYaml(text)).toEqual(want);
  });

  it("takes no key for anything but a key", () => {
    const map = readYaml("__proto__:\n  polluted: yes\nconstructor: x\n");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(map)).toEqual(["__proto__", "constructor"]);
  });
});

describe("hostile files", () => {
  it.each([
    ["spaces", `a${" ".repeat(900_000)}`],
    ["an open quote over many lines", `a: '${"x\n".repeat(400_000)}`],
    ["deep nesting", Array.from({ length: 1200 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("%s are read in no time", (_, text) => {
    const before = performance.now();
    readMLmodel(text);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
