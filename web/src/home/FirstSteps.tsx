import { KeyRound } from "lucide-react";
import { firstRun } from "../account/lines";
import { ClientLines } from "../account/ClientLines";
import { useViewer } from "../app/session";
import { ButtonLink, Code, Section } from "../ui";
import styles from "./Home.module.css";

/** What to do first, for somebody who has nothing yet. */
export function FirstSteps() {
  const viewer = useViewer();
  return (
    <Section title="First steps" about="Your clients work unchanged; they need this server's address and a token.">
      <ol role="list" className={styles.steps}>
        <li>
          <h3>Make a token</h3>
          <p className="muted">It stands for you in scripts and notebooks. Its value is shown once.</p>
          <div>
            <ButtonLink to="/account?new=token" variant="primary" icon={<KeyRound aria-hidden="true" />}>
              Make a token
            </ButtonLink>
          </div>
        </li>
        <li>
          <h3>Point your client here</h3>
          <ClientLines />
        </li>
        <li>
          <h3>Log a first run</h3>
          <Code text={`pip install mlflow==${viewer.mlflow_version}`} what="install command" language="bash" />
          <Code text={firstRun} what="first run in Python" language="python" />
        </li>
      </ol>
    </Section>
  );
}
