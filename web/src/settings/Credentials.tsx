import { useState } from "react";
import { KeyRound } from "lucide-react";
import type { CredentialRow } from "../api/schema";
import { Badge, Button, Empty, More, Problem, Section, Select, Skeleton, Table, Time, type Column } from "../ui";
import { open, toneOf, useCredentials, wordsOf } from "./credentials";
import { Impact } from "./Impact";
import styles from "./Settings.module.css";

const kinds = [
  { value: "", text: "All kinds" },
  { value: "token", text: "Tokens" },
  { value: "session", text: "Sessions" },
];

const states = [
  { value: "", text: "All states" },
  { value: "active", text: "Active" },
  { value: "ended", text: "Ended" },
  { value: "owner-inactive", text: "Owner inactive" },
];

/** The inventory of credentials: whose, how old, until when, last used, what is wrong, and what hangs on each. */
export function Credentials() {
  const [kind, setKind] = useState("");
  const [state, setState] = useState("");
  const [shown, setShown] = useState<CredentialRow>();
  const credentials = useCredentials(kind, state);
  return (
    <Section
      title="Credentials"
      about="Everything that opens a door: tokens and sessions, with what is wrong with them. Administrators and auditors see all, everybody his own."
    >
      <div className="row">
        <Select label="Kind" options={kinds} value={kind} onChange={setKind} />
        <Select label="State" options={states} value={state} onChange={setState} />
      </div>
      {credentials.error ? <Problem error={credentials.error} onRetry={() => void credentials.refetch()} /> : null}
      {credentials.isPending ? <Skeleton lines={4} /> : null}
      {credentials.data && credentials.items.length === 0 ? (
        <Empty level={3} title="No credentials" icon={<KeyRound aria-hidden="true" />}>
          Nothing of this kind and state.
        </Empty>
      ) : null}
      {credentials.items.length > 0 ? (
        <Table label="Credentials" columns={columnsFor(setShown)} rows={credentials.items} rowKey={(c) => c.id} current={shown?.id} />
      ) : null}
      <More list={credentials} what="credentials" />
      {shown ? (
        <Impact
          credential={shown}
          close={() => {
            setShown(undefined);
          }}
        />
      ) : null}
    </Section>
  );
}

const columnsFor = (show: (credential: CredentialRow) => void): Column<CredentialRow>[] => [
  {
    key: "for", title: "Credential",
    cell: (c) => (
      <span className="break">
        {c.comment || c.title} <span className="faint">{c.comment ? c.title : ""}</span>
      </span>
    ),
  },
  { key: "owner", title: "Owner", cell: (c) => <Owner credential={c} /> },
  { key: "created", title: "Created", cell: (c) => <Time at={c.created_at} />, hideNarrow: true },
  { key: "expires", title: "Expires", cell: (c) => (c.expires_at === 0 ? <span className="faint">never</span> : <Time at={c.expires_at} />), hideNarrow: true },
  { key: "used", title: "Last used", cell: (c) => <LastUse credential={c} /> },
  { key: "findings", title: "Findings", cell: (c) => <Findings credential={c} /> },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (c) => (
      <Button size="s" onPress={() => { show(c); }} aria-label={`Impact of ${c.comment || c.title} of ${c.owner.name}`}>
        Impact…
      </Button>
    ),
  },
];

function Owner({ credential: { owner, owner_active: active } }: { credential: CredentialRow }) {
  return (
    <span className="row">
      {owner.name}
      {active ? null : <Badge tone="bad">inactive</Badge>}
    </span>
  );
}

function LastUse({ credential: { last_used_at: at, last_source: source, last_program: program } }: { credential: CredentialRow }) {
  if (at === undefined) return <span className="faint">never</span>;
  return (
    <span className="break">
      <Time at={at} /> <span className="faint">{[program, source].filter(Boolean).join(", ")}</span>
    </span>
  );
}

function Findings({ credential }: { credential: CredentialRow }) {
  return (
    <span className={styles.events}>
      {open(credential).map((f) => (
        <Badge key={f.id} tone={toneOf(f)} title={f.text}>
          {wordsOf(f.class)}
        </Badge>
      ))}
    </span>
  );
}
