/** The lines that point a client at this server. A token is left out as a placeholder where it is not to be shown. */

const placeholder = "YOUR_TOKEN";

/** In a shell, for MLflow's Python, R and Java clients. */
export const mlflowLines = (host: string, token = placeholder): string =>
  `export MLFLOW_TRACKING_URI=${host}\nexport MLFLOW_TRACKING_TOKEN=${token}`;

/** In a shell, for the Databricks SDKs and CLI, and for MLflow with the address "databricks". */
export const databricksLines = (host: string, token = placeholder): string =>
  `export DATABRICKS_HOST=${host}\nexport DATABRICKS_TOKEN=${token}\nexport MLFLOW_TRACKING_URI=databricks`;

/** In a shell, for this server's own command. */
export const bailiwickLines = (host: string, token = placeholder): string => `export BAILIWICK_HOST=${host}\nexport BAILIWICK_TOKEN=${token}`;

/** A first run in Python. */
export const firstRun = `import mlflow

mlflow.set_experiment("first-steps")
with mlflow.start_run():
    mlflow.log_param("depth", 4)
    mlflow.log_metric("accuracy", 0.93)
`;
