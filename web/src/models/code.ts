/** Lines to copy: how a model is registered and loaded with unmodified clients. Names are written so that they stay inside their quotes. */

/** A text as a Python literal; what cannot be seen, or turns the line around, is escaped. */
export const pythonText = (text: string): string => JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (c) => (/[\p{L}\p{N}\p{M}]/u.test(c) ? c : escaped(c)));

const escaped = (c: string) => `\\U${(c.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;

/** A text as a word of a POSIX shell. */
export const shellText = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The Python lines that register a first model at this server. */
export function registerLines(host: string): string {
  return `import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(${pythonText(host)})       # MLFLOW_TRACKING_TOKEN holds your token
mlflow.set_experiment("iris")
x, y = load_iris(return_X_y=True, as_frame=True)
with mlflow.start_run():
    model = LogisticRegression(max_iter=200).fit(x, y)
    mlflow.sklearn.log_model(model, name="model", registered_model_name="iris")`;
}

/** The Python lines that add a version to a model. */
export function versionLines(host: string, name: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${pythonText(host)})       # MLFLOW_TRACKING_TOKEN holds your token
mlflow.register_model("runs:/<run ID>/model", ${pythonText(name)})`;
}

export interface LoadWords {
  host: string;
  name: string;
  version: string;
  stage?: string | undefined;
  alias?: string | undefined;
  prompt?: boolean;
}

/** models:/iris/3, models:/iris/Production and models:/iris@champion, as far as they mean this version. */
export function modelUris({ name, version, stage, alias, prompt = false }: LoadWords): string[] {
  const scheme = prompt ? "prompts" : "models";
  const uris = [`${scheme}:/${name}/${version}`];
  if (!prompt && stage !== undefined && stage !== "None") uris.push(`models:/${name}/${stage}`);
  if (alias !== undefined) uris.push(`${scheme}:/${name}@${alias}`);
  return uris;
}

/** Loading by MLflow's own address of this server. */
export function loadLines(words: LoadWords): string {
  const uris = modelUris(words);
  const load = words.prompt ? "mlflow.genai.load_prompt" : "mlflow.pyfunc.load_model";
  const calls = uris.map((uri, i) => `${i === 0 ? "" : "# or: "}model = ${load}(${pythonText(uri)})`);
  return `import mlflow

mlflow.set_tracking_uri(${pythonText(words.host)})       # MLFLOW_TRACKING_TOKEN holds your token
${calls.join("\n")}`;
}

/** Loading by Databricks' addresses, as code that ran in a workspace does. Aliases have none there. */
export function loadDatabricksLines(words: LoadWords): string {
  const uris = modelUris({ ...words, alias: undefined });
  const calls = uris.map((uri, i) => `${i === 0 ? "" : "# or: "}model = mlflow.pyfunc.load_model(${pythonText(uri)})`);
  return `import mlflow

# DATABRICKS_HOST=${words.host} and DATABRICKS_TOKEN hold the address and your token
mlflow.set_tracking_uri("databricks")
mlflow.set_registry_uri("databricks")
${calls.join("\n")}`;
}

/** Checking a downloaded copy against the version's digest, without trusting the server. */
export function verifyLines({ host, name, version }: LoadWords): string {
  const sums = `${host}/api/governance/1.0/models/${encodeURIComponent(name)}/versions/${version}/SHA256SUMS`;
  return `mlflow artifacts download -u ${shellText(`models:/${name}/${version}`)} -d model
curl -sS --fail -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" ${shellText(sums)} > SHA256SUMS
(cd model && sha256sum -c ../SHA256SUMS)     # each file: OK
sha256sum SHA256SUMS                         # prints the digest`;
}

/** Posting a check of this version from CI. */
export function checkLines({ host, name, version }: LoadWords, digest: string): string {
  const address = `${host}/api/governance/1.0/models/${encodeURIComponent(name)}/versions/${version}/checks`;
  return `curl -sS --fail -H "Authorization: Bearer $BAILIWICK_TOKEN" ${shellText(address)} \\
     -d '{"name": "bias-test", "state": "success", "digest": "${digest}"}'`;
}
