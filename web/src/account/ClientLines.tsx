import { useState } from "react";
import { useViewer } from "../app/session";
import { Code, Tabs } from "../ui";
import { bailiwickLines, databricksLines, mlflowLines } from "./lines";

/** The lines to copy into a shell, one tab a client. With a token they carry it. */
export function ClientLines({ token }: { token?: string | undefined }) {
  const { host } = useViewer();
  const [shown, setShown] = useState("mlflow");
  // Lines with a secret are not coloured: the colours are kept in a cache, under the text.
  const code = (text: string, what: string) => <Code text={text} what={what} language={token === undefined ? "bash" : undefined} wrap />;
  return (
    <Tabs
      label="Client"
      selected={shown}
      onSelect={setShown}
      tabs={[
        { id: "mlflow", title: "MLflow", content: code(mlflowLines(host, token), "lines for MLflow") },
        { id: "databricks", title: "Databricks SDK", content: code(databricksLines(host, token), "lines for the Databricks SDK") },
        { id: "bailiwick", title: "Command line", content: code(bailiwickLines(host, token), "lines for the bailiwick command") },
      ]}
    />
  );
}
