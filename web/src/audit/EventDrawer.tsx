import { useEffect, useEffectEvent, type ReactNode } from "react";
import { Hourglass, ShieldAlert, ShieldCheck } from "lucide-react";
import { useGet } from "../api/hooks";
import { Badge, Button, Code, Copy, Diff, Drawer, Link, placeOf, Problem, Section, Skeleton, Time } from "../ui";
import { actionWords, narrowed, objectText, shown, subjectOf, type AuditEvent, type EventDetail, type Proof } from "./audit";

interface EventDrawerProps {
  id: string;
  query: string;
  onSearch: (query: string) => void;
  onClose: () => void;
}

/** One event: who, what, from where, why it was decided so, what it changed, and the proof that it stands in the ledger as it was written. */
export function EventDrawer({ id, query, onSearch, onClose }: EventDrawerProps) {
  const detail = useGet<EventDetail>(`/audit/events/${encodeURIComponent(id)}`, undefined, { keep: true });
  useSealed(detail.data?.proof.state === "pending", detail.dataUpdatedAt, () => void detail.refetch());
  return (
    <Drawer
      isOpen
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={detail.data ? actionWords(detail.data.event.action_name) : "Event"}
    >
      {detail.error ? <Problem error={detail.error} onRetry={() => void detail.refetch()} /> : null}
      {detail.isPending ? <Skeleton lines={10} /> : null}
      {detail.data ? <Detail detail={detail.data} query={query} onSearch={onSearch} /> : null}
    </Drawer>
  );
}

/** An entry is sealed within a second or two after it was written; until then the event is asked for again. */
function useSealed(pending: boolean, readAt: number, again: () => void) {
  const ask = useEffectEvent(again);
  useEffect(() => {
    if (!pending) return;
    const timer = setTimeout(() => { ask(); }, 1000);
    return () => { clearTimeout(timer); };
  }, [pending, readAt]);
}

function Detail({ detail, query, onSearch }: { detail: EventDetail; query: string; onSearch: (query: string) => void }) {
  const { event } = detail;
  const params = Object.entries(event.request_params ?? {});
  return (
    <div className="stack">
      <Facts event={event} query={query} onSearch={onSearch} />
      {event.decision ? <DecisionPath event={event} /> : null}
      {detail.before !== null || detail.after !== null ? (
        <Section title="What it changed">
          <Diff before={detail.before ?? undefined} after={detail.after ?? undefined} label="Before and after" />
        </Section>
      ) : null}
      {params.length > 0 ? (
        <Section title="What was asked">
          <dl className="facts">
            {params.map(([key, value]) => (
              <Fact key={key} name={key}>
                <span className="mono break">{shown(value)}</span>
              </Fact>
            ))}
          </dl>
        </Section>
      ) : null}
      <ProofSection proof={detail.proof} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** What can be searched further from an event: its actor, its object, its request. */
function Facts({ event, query, onSearch }: { event: AuditEvent; query: string; onSearch: (query: string) => void }) {
  const object = objectText(event);
  const place = event.object?.kind ? placeOf({ object: object ?? "", kind: event.object.kind, name: event.object.name ?? "", path: event.object.path }) : undefined;
  const more = (name: string, value: string) => (
    <Button
      size="s"
      variant="quiet"
      onPress={() => {
        onSearch(narrowed(query, name, value));
      }}
    >
      only these
    </Button>
  );
  return (
    <dl className="facts">
      <Fact name="Time">
        <Time at={Date.parse(event.event_time)} form="absolute" />
      </Fact>
      <Fact name="Result">
        <ResultBadge event={event} /> <span className="faint">{event.response.status_code}</span>
        {event.response.error_message ? <p className="break">{shown(event.response.error_message)}</p> : null}
      </Fact>
      <Fact name="Actor">
        {event.actor ? (
          <>
            {shown(event.actor.name)} <span className="faint">({event.actor.kind})</span> {more("actor", event.actor.name)}
          </>
        ) : (
          <span className="faint">nobody who proved an identity</span>
        )}
      </Fact>
      {subjectOf(event) ? (
        <Fact name="Object">
          {place ? <Link to={place} className="break">{subjectOf(event)}</Link> : <span className="break">{subjectOf(event)}</span>} <span className="faint">{event.object?.kind}</span>{" "}
          {object ? more("object", object) : null}
        </Fact>
      ) : null}
      <Fact name="Action">
        <span className="mono">
          {event.service_name}.{event.action_name}
        </span>{" "}
        {more("action", event.action_name)}
      </Fact>
      {event.count ? <Fact name="How often">{`${String(event.count)} times between ${event.first_time ?? ""} and ${event.last_time ?? ""}`}</Fact> : null}
      {event.reason ? <Fact name="Reason">{shown(event.reason)}</Fact> : null}
      <Fact name="From">
        <span className="mono">{event.source_ip_address || "this server"}</span> <span className="faint break">{shown(event.user_agent)}</span>
      </Fact>
      {event.credential_id ? (
        <Fact name="Credential">
          <span className="mono break">{event.credential_id.slice(0, 16)}…</span> {more("credential", event.credential_id)}
        </Fact>
      ) : null}
      {event.request_id ? (
        <Fact name="Request">
          <span className="mono break">{event.request_id}</span> {more("request", event.request_id)}
        </Fact>
      ) : null}
      <Fact name="Recorded">{`class ${event.audit_class}, event ${event.event_id}`}</Fact>
    </dl>
  );
}

/** How an event came out, in a word. */
export function ResultBadge({ event }: { event: AuditEvent }) {
  const tone = event.result === "allowed" ? "good" : event.result === "denied" ? "bad" : "warn";
  return <Badge tone={tone}>{event.result}</Badge>;
}

function DecisionPath({ event }: { event: AuditEvent }) {
  const path = (event.decision?.path ?? []).filter((step) => step.text !== "");
  return (
    <Section title="How it was decided">
      <p>
        {event.decision?.allowed ? "Allowed" : "Refused"}
        {event.decision?.ability ? (
          <>
            : <span className="mono">{event.decision.ability}</span>
          </>
        ) : null}
      </p>
      {path.length > 0 ? (
        <ol>
          {path.map((step) => (
            <li key={step.text} className="break">{shown(step.text)}</li>
          ))}
        </ol>
      ) : null}
    </Section>
  );
}

function ProofSection({ proof }: { proof: Proof }) {
  return (
    <Section title="Proof">
      <ProofBadge proof={proof} />
      {proof.state === "sealed" ? (
        <>
          <p className="muted">
            The entry as it is stored was hashed, its path in the Merkle tree was followed to the root, and the root is the one that the signed
            checkpoint below has. Whoever trusts no server checks an export with <code>bailiwick audit verify</code>.
          </p>
          <dl className="facts">
            <Fact name="Sequence">{`${String(proof.index)} of ${String(proof.size)}`}</Fact>
            <Fact name="Leaf">
              <span className="mono break">{proof.leaf_hash}</span> <Copy text={proof.leaf_hash} what="Leaf hash" />
            </Fact>
          </dl>
          <Code text={proof.checkpoint} what="Checkpoint" wrap />
        </>
      ) : null}
    </Section>
  );
}

/** Whether the proof of an entry holds. */
function ProofBadge({ proof }: { proof: Proof }) {
  if (proof.state === "pending") {
    return <Badge icon={<Hourglass aria-hidden="true" size={14} />}>Not sealed yet; that takes a second</Badge>;
  }
  if (proof.verified) {
    return (
      <Badge tone="good" icon={<ShieldCheck aria-hidden="true" size={14} />}>
        {`Verified to sequence ${String(proof.size)}`}
      </Badge>
    );
  }
  return (
    <div className="stack">
      <Badge tone="bad" icon={<ShieldAlert aria-hidden="true" size={14} />}>
        The proof does not hold
      </Badge>
      <p role="alert">{proof.problem}</p>
    </div>
  );
}
