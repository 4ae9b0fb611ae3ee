import type { ObjectAnswer } from "../api/types";
import { Badge, Copy, Time } from "../ui";
import styles from "./Experiment.module.css";
import { Description, noteKey } from "./tags/Description";
import { Tags } from "./tags/Tags";
import { valueOf } from "./types";
import type { useExperiment } from "./useExperiment";

export interface ExperimentFactsProps {
  all: ReturnType<typeof useExperiment>;
  it: ObjectAnswer;
  name: string;
}

/** What an experiment is: ID, place, owner, dates, tags and description, in a few lines above its runs. */
export function ExperimentFacts({ all, it, name }: ExperimentFactsProps) {
  const experiment = all.experiment.data?.experiment;
  const target = { kind: "experiment", id: it.id } as const;
  const note = valueOf(experiment?.tags, noteKey);
  return (
    <div className={styles.facts}>
      <div className={styles.line}>
        <span className="row">
          <span className="faint">ID</span> <span className="mono">{it.id}</span>
          <Copy text={it.id} what="experiment ID" />
        </span>
        {it.path ? (
          <span className="row">
            <span className="faint">Path</span> <span className="break">{it.path}</span>
            <Copy text={it.path} what="path" />
          </span>
        ) : null}
        <span className="row">
          <span className="faint">Owner</span> <Owner all={all} it={it} />
        </span>
        <span className="row">
          <span className="faint">Changed</span> <Time at={experiment?.last_update_time ?? it.modified_at} />
        </span>
      </div>
      <Tags tags={experiment?.tags} target={target} name={it.name} on={it} onSaved={all.renew} />
      <details className={styles.note} open={note !== undefined}>
        <summary>Description</summary>
        <Description text={note} target={target} name={name} on={it} onSaved={all.renew} />
      </details>
    </div>
  );
}

function Owner({ all, it }: Omit<ExperimentFactsProps, "name">) {
  const owner = all.steward?.owner ?? it.creator;
  if (all.steward?.unowned) return <Badge tone="warn" title={all.steward.unowned}>Nobody: {all.steward.unowned}</Badge>;
  return <span className="break">{owner === undefined || owner === "" ? "nobody" : owner}</span>;
}
