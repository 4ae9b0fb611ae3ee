import { useEffect, useRef } from "react";
import { useGet } from "../api/hooks";
import { useViewer } from "../app/session";
import { Button, Notice, Time } from "../ui";
import styles from "./Permissions.module.css";
import type { Drift } from "./rebase";
import { driftSentence } from "./sentences";
import type { Wishes } from "./staging";

export interface ConflictProps {
  object: string;
  drift: readonly Drift[];
  wishes: Wishes;
  /** Saving was refused for it; else it was noticed before. */
  refused: boolean;
  onNoted: () => void;
}

/** Somebody else saved first: who, what is different now, and that the viewer's own changes are kept on top of it. */
export function Conflict({ object, drift, wishes, refused, onNoted }: ConflictProps) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // After a refused Save the reason is what to read next; while somebody is still choosing, it is only said.
    if (refused) notice.current?.focus();
  }, [refused]);
  return (
    <Notice tone="warn">
      <div ref={notice} tabIndex={-1} className={styles.conflict} role="alert">
        <strong>
          <Culprit object={object} /> changed these permissions since you opened them.
          {refused ? " Nothing of yours was saved." : ""}
        </strong>
        {drift.length > 0 ? (
          <ul className={styles.drift}>
            {drift.map((d) => (
              <li key={d.key} className="break">
                {driftSentence(d, wishes)}
              </li>
            ))}
          </ul>
        ) : (
          <span>The entries below are the same as before.</span>
        )}
        <span>{wishes.size > 0 ? "Your changes are kept, on top of these. Look at the effect, then save again." : "Nothing of yours is left to save: it is so already."}</span>
        <div>
          <Button size="s" onPress={onNoted}>
            Understood
          </Button>
        </div>
      </div>
    </Notice>
  );
}

interface AuditAnswer {
  events?: readonly { event_time: string; actor?: { name: string } }[];
}

/** Who saved last. Only those who may read the audit trail are told. */
function Culprit({ object }: { object: string }) {
  const viewer = useViewer();
  const mayAsk = viewer.abilities.includes("read-audit");
  const params = { object, action: "changeWorkspaceAcl", max_results: 1 };
  const last = useGet<AuditAnswer>("/audit", params, { enabled: mayAsk }).data?.events?.[0];
  if (!last?.actor) return <>Somebody else</>;
  return (
    <>
      <bdi>{last.actor.name}</bdi> (<Time at={Date.parse(last.event_time)} />)
    </>
  );
}
