import { useState } from "react";
import { Check, ChevronDown, ChevronRight, Undo2, X } from "lucide-react";
import { Badge, Button, Link, Notice, Time } from "../ui";
import { decisionsOn, decisionWords, digestChanged, type Decision } from "./actions";
import { CheckLine } from "./Checks";
import { Comparison } from "./Comparison";
import { Digest } from "./Digest";
import styles from "./Models.module.css";
import { modelPage, versionPage } from "./paths";
import { StageBadge } from "./StageBadge";
import type { RequestAction, TransitionRequest } from "./types";
import { Refusable, useWhy } from "./Why";

export interface RequestCardProps {
  request: TransitionRequest;
  onDecide: (action: RequestAction) => void;
  /** On a version's own page its name and checks stand beside the card already. */
  brief?: boolean;
}

/** A pending transition request: what is asked for, what speaks for it, and what the viewer may do about it. */
export function RequestCard({ request, onDecide, brief = false }: RequestCardProps) {
  const [compares, setCompares] = useState(false);
  const label = `Version ${request.version} of ${request.model}, ${request.from} to ${request.to}`;
  return (
    <article className={`card ${styles.request ?? ""}`} aria-label={`Request: ${label}`}>
      <header className="spread">
        <div>
          <Title request={request} brief={brief} />
          <p className="muted small">
            {request.creator} {request.own ? "(you) " : ""}asked <Time at={request.created_at} />
          </p>
        </div>
        <Decisions request={request} label={label} onChoose={onDecide} />
      </header>
      {request.comment ? <blockquote className={styles.quote}>{request.comment}</blockquote> : <p className="faint">No comment.</p>}
      <Facts request={request} brief={brief} />
      <Standing request={request} />
      {brief ? null : (
        <div>
          <Button
            size="s"
            variant="quiet"
            icon={compares ? <ChevronDown aria-hidden="true" /> : <ChevronRight aria-hidden="true" />}
            aria-expanded={compares}
            aria-label={`Compare with Production: ${label}`}
            onPress={() => setCompares(!compares)}
          >
            Compare with Production
          </Button>
          {compares ? <Comparison name={request.model} version={request.version} /> : null}
        </div>
      )}
    </article>
  );
}

function Title({ request, brief }: { request: TransitionRequest; brief: boolean }) {
  return (
    <div className={styles.requestTitle}>
      {brief ? null : (
        <>
          <Link to={modelPage(request.model)}>
            <bdi>{request.model}</bdi>
          </Link>
          <Link to={versionPage(request.model, request.version)}>version {request.version}</Link>
        </>
      )}
      <StageBadge stage={request.from} />
      <span className="small">to</span>
      <StageBadge stage={request.to} />
    </div>
  );
}

const icons: Record<RequestAction, typeof Check> = { APPROVE: Check, REJECT: X, CANCEL: Undo2 };

interface DecisionsProps {
  request: TransitionRequest;
  label: string;
  onChoose: (action: RequestAction) => void;
}

function Decisions({ request, label, onChoose }: DecisionsProps) {
  const why = useWhy();
  const on = { object: request.model_object, kind: "registered-model", abilities: request.abilities };
  const refusedOf = ({ allowed, ability = "", reason, action }: Decision) => (allowed ? null : why(ability, on, reason, decisionWords[action].verb));
  return (
    <div className="row">
      {decisionsOn(request).map((decision) => {
        const Icon = icons[decision.action];
        const { verb } = decisionWords[decision.action];
        return (
          <Refusable key={decision.action} refused={refusedOf(decision)}>
            <Button
              size="s"
              variant={decision.action === "APPROVE" ? "primary" : "default"}
              icon={<Icon aria-hidden="true" />}
              aria-label={`${verb}: ${label}`}
              onPress={() => onChoose(decision.action)}
            >
              {verb}
            </Button>
          </Refusable>
        );
      })}
    </div>
  );
}

function Facts({ request, brief }: { request: TransitionRequest; brief: boolean }) {
  return (
    <dl className="facts">
      <dt>Digest</dt>
      <dd>
        <span className="row">
          <Digest digest={request.digest} none="none: there are no files" />
          {digestChanged(request) ? <Badge tone="bad">changed since: now {request.digest_now.slice(0, 12) || "none"}</Badge> : <span className="faint small">unchanged since</span>}
        </span>
      </dd>
      {brief ? null : (
        <>
          <dt>Checks</dt>
          <dd>
            <CheckLine checks={request.checks} />
          </dd>
        </>
      )}
    </dl>
  );
}

/** What keeps the request from being approved, whoever decides; and why the viewer does not, where that is not the level. */
function Standing({ request }: { request: TransitionRequest }) {
  const approve = request.absent.find((a) => a.action === "APPROVE");
  const own = approve !== undefined && request.two_persons && request.own;
  return (
    <>
      {request.stale ? <Notice tone="warn">{request.stale_reason ?? "The version has changed since this was asked for."}</Notice> : null}
      {request.unmet.length > 0 ? (
        <Notice tone="warn">
          Missing for {request.to}: {request.unmet.join("; ")}.
        </Notice>
      ) : null}
      {own ? <Notice>{approve.reason}</Notice> : null}
    </>
  );
}
