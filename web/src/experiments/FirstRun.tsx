import { FlaskConical } from "lucide-react";
import { useViewer } from "../app/session";
import { Code, Empty, Link } from "../ui";

/** A text as Python writes it. */
export const pythonText = (text: string): string => JSON.stringify(text);

/** The commands that make the first run, in a given experiment or in one of the viewer's own. */
export function FirstRun({ experiment, title = "No runs yet" }: { experiment: string; title?: string }) {
  const viewer = useViewer();
  const shell = `export MLFLOW_TRACKING_URI=${viewer.host}\nexport MLFLOW_TRACKING_TOKEN=…`;
  const python = `import mlflow\n\nmlflow.set_experiment(${pythonText(experiment)})\nwith mlflow.start_run():\n    mlflow.log_param("lr", 0.01)\n    mlflow.log_metric("acc", 0.93)\n`;
  return (
    <Empty title={title} icon={<FlaskConical aria-hidden="true" />}>
      <p>
        Runs appear here when code logs them. Point MLflow to this server, with a token from <Link to="/account">your account</Link>:
      </p>
      <Code text={shell} what="environment of MLflow" language="bash" />
      <p>Then run:</p>
      <Code text={python} what="first run" language="python" />
    </Empty>
  );
}
