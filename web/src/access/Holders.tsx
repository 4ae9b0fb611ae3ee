import { useState } from "react";
import { Download } from "lucide-react";
import { download } from "../api/client";
import { useGet } from "../api/hooks";
import type { ObjectRef } from "../api/types";
import { useExplain } from "../app/explain";
import { Button, Empty, KindIcon, LevelBadge, Link, notify, plural, Problem, SearchField, Skeleton, Table, type Column } from "../ui";
import styles from "./Access.module.css";
import { groupsOf, holdersSentence, levelOf, type Holder, type HolderGroup, type WhoCanAnswer } from "./holding";
import { ObjectLink } from "./InheritedEntries";
import { useNames } from "./names";

export interface HoldersProps {
  object: ObjectRef;
  ability: string;
}

/** Everybody who has an ability on an object, groups expanded: who through which group, where it was given, and why. */
export function Holders({ object, ability }: HoldersProps) {
  const [text, setText] = useState("");
  const query = useGet<WhoCanAnswer>("/who-can", { object: object.object, ability });
  const nameOf = useNames(query.data?.principals ?? []);
  if (query.error) return <Problem title="Who can is not shown." error={query.error} object={object.object} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={6} label="Working out who can" />;
  const { principals } = query.data;
  if (principals.length === 0) return <Empty title="Nobody can">Not even an administrator has this ability here.</Empty>;
  const needle = text.toLowerCase();
  const found = principals.filter((h) => `${nameOf(h)} ${h.through?.name ?? ""}`.toLowerCase().includes(needle));
  return (
    <div className="stack">
      <div className="spread">
        <p role="status">
          <strong>{holdersSentence(principals)}</strong> <span className="muted">{principals.length === 1 ? "has it." : "have it."}</span>
        </p>
        <div className="row">
          {principals.length > 10 ? <SearchField label="Search these people" placeholder="Person or group" value={text} onChange={setText} size="s" /> : null}
          <CSVButton path="/who-can" params={{ object: object.object, ability }} name="who-can.csv" />
        </div>
      </div>
      {groupsOf(found).map((group) => (
        <Group key={group.key} group={group} object={object} ability={ability} nameOf={nameOf} />
      ))}
    </div>
  );
}

const part = 200;

function Group({ group, object, ability, nameOf }: HoldersProps & { group: HolderGroup; nameOf: (h: Holder) => string }) {
  const [most, setMost] = useState(part);
  const explain = useExplain();
  const why = (holder: Holder) => explain.open({ object: object.object, ability, principal: holder.name });
  const rest = group.holders.length - most;
  const title = group.group ? `Through group ${group.group.name}` : "By themselves";
  return (
    <details open className={styles.group}>
      <summary>
        <KindIcon kind={group.group ? "group" : "user"} />
        <bdi className="break">{title}</bdi>
        <span className="muted">{holdersSentence(group.holders)}</span>
      </summary>
      <Table label={title} columns={columnsOf(nameOf, why)} rows={group.holders.slice(0, most)} rowKey={(h) => h.id} />
      {rest > 0 ? (
        <Button size="s" onPress={() => setMost(most + part * 5)}>
          Show {plural(Math.min(rest, part * 5), "more person", "more people")}
        </Button>
      ) : null}
    </details>
  );
}

function columnsOf(nameOf: (h: Holder) => string, why: (h: Holder) => void): Column<Holder>[] {
  return [
    { key: "who", title: "Who", cell: (h) => <Person kind={h.kind} name={nameOf(h)} id={h.name} />, width: "34%" },
    { key: "level", title: "Level", width: "20%", cell: (h) => <LevelBadge level={levelOf(h.level)} /> },
    { key: "from", title: "Given on", cell: (h) => <GivenOn holder={h} /> },
    {
      key: "why",
      title: "Why",
      hideTitle: true,
      align: "end",
      cell: (h) => (
        <Button size="s" onPress={() => why(h)} aria-label={`Why ${nameOf(h)}`}>
          Why
        </Button>
      ),
    },
  ];
}

function GivenOn({ holder }: { holder: Holder }) {
  const word = ruleLabels[holder.rule];
  if (word !== undefined) return <span className="muted">{word}</span>;
  return holder.from ? <ObjectLink object={holder.from} /> : null;
}

const ruleLabels: Record<string, string> = {
  admins: "Administrators have everything",
  anyone: "Everybody has it",
  open: "Access control is off",
  below: "Leads to something visible",
  auditors: "Auditors may read it",
};

/** A principal's icon and name; links to what he has. */
export function Person({ kind, name, id }: { kind: string; name: string; id: string }) {
  return (
    <span className={styles.person}>
      <KindIcon kind={kind} />
      <Link to={`/access?by=person&principal=${encodeURIComponent(id)}`} className="break" title={`What ${name} has`}>
        <bdi>{name}</bdi>
      </Link>
    </span>
  );
}

export interface CSVButtonProps {
  path: string;
  params: Record<string, string | undefined>;
  name: string;
}

/** Downloads an answer as the server writes it for spreadsheets. */
export function CSVButton({ path, params, name }: CSVButtonProps) {
  const [busy, setBusy] = useState(false);
  const press = () => {
    setBusy(true);
    download(path, name, params, "text/csv")
      .catch((error: unknown) => notify(error instanceof Error ? error.message : "The download failed.", { tone: "bad" }))
      .finally(() => setBusy(false));
  };
  return (
    <Button size="s" icon={<Download aria-hidden="true" />} isPending={busy} onPress={press}>
      CSV
    </Button>
  );
}
