import { useState } from "react";
import type { CredentialRow, DependentRow, ImpactAnswer } from "../api/schema";
import { AlertDialog, Button, Drawer, Link, Notice, notify, placeOf, plural, Problem, Skeleton, Table, TextField, Time, type Column } from "../ui";
import { open, useImpact, useRevoke } from "./credentials";

/** What is wrong with a credential and what would stop without it; its end is asked for here, after that has been seen. */
export function Impact({ credential, close }: { credential: CredentialRow; close: () => void }) {
  const impact = useImpact(credential.id);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const revoke = useRevoke(() => {
    notify("The credential was revoked.");
    close();
  });
  const name = credential.comment || credential.title;
  const end = credential.can_revoke ? (
    <Button variant="danger" isDisabled={!impact.data} onPress={() => { setAsking(true); }}>
      Revoke…
    </Button>
  ) : null;
  return (
    <Drawer isOpen onOpenChange={close} title={`Impact of ${name}`} about={`${credential.title} of ${credential.owner.name}`} footer={end}>
      <div className="stack">
        {open(credential).map((f) => (
          <Notice key={f.id} tone="warn">
            {f.text} {f.advice}
          </Notice>
        ))}
        {impact.error ? <Problem error={impact.error} onRetry={() => void impact.refetch()} /> : null}
        {impact.isPending ? <Skeleton lines={4} /> : null}
        {impact.data ? <Dependents impact={impact.data} /> : null}
      </div>
      <AlertDialog isOpen={asking} onOpenChange={setAsking} title="Revoke this credential?" action="Revoke" onConfirm={() => revoke.mutateAsync({ credential, reason })}>
        <p>{impact.data ? sentence(impact.data) : ""} It is refused from the next call on.</p>
        <TextField label="Reason, for the ledger" value={reason} onChange={setReason} />
      </AlertDialog>
    </Drawer>
  );
}

const listsOf = (impact: ImpactAnswer): DependentRow[] => [
  ...impact.experiments, ...impact.runs, ...impact.registered_models, ...impact.logged_models, ...impact.others,
];

/** What stops, in one sentence. */
function sentence(impact: ImpactAnswer): string {
  const things = listsOf(impact).length;
  if (things + impact.sessions.length === 0) return "Nothing was seen that depends on it.";
  return `It was used with ${plural(things, "thing")}, and ${plural(impact.sessions.length, "session")} end with it.`;
}

function Dependents({ impact }: { impact: ImpactAnswer }) {
  return (
    <>
      <p>{sentence(impact)}</p>
      {impact.complete ? null : <Notice>More was touched than is kept: the oldest is left out.</Notice>}
      <Table label="What depends on it" columns={columns} rows={listsOf(impact)} rowKey={(d) => `${d.kind} ${d.id}`} empty="Nothing was seen that depends on it." />
      {impact.hard_coded.map((p) => (
        <Notice key={`${p.object.object} ${p.place}`} tone="warn">
          It stands in {p.object.path ?? p.object.object}, {p.place}.
        </Notice>
      ))}
      {impact.programs.length > 0 ? <p>Used by {impact.programs.map((p) => p.name).join(", ")}, from {impact.networks.map((n) => n.name).join(", ")}.</p> : null}
    </>
  );
}

const columns: Column<DependentRow>[] = [
  { key: "id", title: "What", cell: (d) => <Dependent row={d} /> },
  { key: "kind", title: "Kind", cell: (d) => d.kind.replaceAll("-", " ") },
  { key: "last", title: "Last", cell: (d) => <Time at={d.last_at} /> },
  { key: "writes", title: "Writes", cell: (d) => d.writes, align: "end" },
];

function Dependent({ row: { id, kind, object } }: { row: DependentRow }) {
  const text = kind === "run" || kind === "logged-model" ? id : object.path ?? (object.name === "" ? object.object : object.name);
  const to = kind === "run" ? `/runs/${id}` : placeOf(object);
  return <span className="break">{to === undefined ? text : <Link to={to}>{text}</Link>}</span>;
}
