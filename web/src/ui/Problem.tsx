import { useContext, type ReactNode } from "react";
import { TriangleAlert } from "lucide-react";
import { ApiError } from "../api/client";
import { ExplainContext } from "../app/explain";
import { Button } from "./Button";
import styles from "./State.module.css";

export interface ProblemProps {
  error: Error;
  /** Above the server's reason: "The model could not be renamed." */
  title?: string;
  /** What the call was about ("experiments/123"), so that a refusal can be explained. */
  object?: string | undefined;
  onRetry?: () => void;
  children?: ReactNode;
}

/** An error with the server's reason, its details and, for a refusal, the way to what it rests on. */
export function Problem({ error, title, object, onRetry, children }: ProblemProps) {
  const details = error instanceof ApiError ? error.details : [];
  return (
    <div className={styles.problem} role="alert">
      <TriangleAlert aria-hidden="true" />
      <div className={styles.problemBody}>
        {title ? <strong>{title}</strong> : null}
        <span>{error.message}</span>
        {details.length > 0 ? (
          <ul>
            {details.map((detail, i) => (
              <li key={i}>{typeof detail === "string" ? detail : JSON.stringify(detail)}</li>
            ))}
          </ul>
        ) : null}
        {children}
        <div className="row">
          <Why error={error} object={object} />
          {onRetry ? (
            <Button size="s" onPress={onRetry}>
              Try again
            </Button>
          ) : null}
        </div>
      </div>
    </div>
  );
}

function Why({ error, object }: { error: Error; object: string | undefined }) {
  const explain = useContext(ExplainContext);
  if (!(error instanceof ApiError) || error.status !== 403 || !error.refusal) return null;
  const { refusal } = error;
  const about = object ?? (refusal.kind && refusal.object ? `${segmentOf(refusal.kind)}/${refusal.object}` : undefined);
  if (about === undefined) return null;
  return (
    <Button size="s" onPress={() => explain.open({ object: about, ability: refusal.ability, refusal })}>
      Why?
    </Button>
  );
}

/** The segment that names a kind in an object's text. */
function segmentOf(kind: string): string {
  return { directory: "directories", mlflowExperiment: "experiments" }[kind] ?? (kind.endsWith("s") ? kind : `${kind}s`);
}
