import { UserSearch } from "lucide-react";
import { useGet, usePaged } from "../api/hooks";
import type { ObjectRef, PrincipalRef } from "../api/types";
import { useExplain } from "../app/explain";
import { useViewer } from "../app/session";
import { Allowed, Button, countText, Empty, KindIcon, kindWords, LevelBadge, More, Notice, Problem, Select, Skeleton, Table, type Column } from "../ui";
import styles from "./Access.module.css";
import { shownName } from "./acl";
import { leastAbility, levelOf } from "./holding";
import { CSVButton } from "./Holders";
import { useKinds } from "./kinds";
import { ObjectLink } from "./InheritedEntries";
import { PrincipalPicker, whoOf, type Principal } from "./PrincipalPicker";

/** An object that somebody has a level on, and where the level comes from. */
interface Reached extends ObjectRef {
  level: string;
  rule: string;
  from: ObjectRef;
  through: PrincipalRef;
}

interface WhatCanAnswer {
  principal: PrincipalRef;
  objects: Reached[];
  next_page_token?: string;
}

export interface ByPersonProps {
  /** A name; the viewer when absent. */
  principal: string | undefined;
  kind: string | undefined;
  set: (next: { principal?: string | undefined; kind?: string | undefined }) => void;
}

/** Everything that a person, service principal or group has a level on. */
export function ByPerson({ principal, kind, set }: ByPersonProps) {
  const viewer = useViewer();
  const others = viewer.abilities.includes("ask-about-others");
  const name = principal ?? viewer.user.name;
  const self = name === viewer.user.name;
  const kinds = useKinds();
  const options = [{ value: "", text: "All kinds" }, ...kinds.map((k) => ({ value: k.kind, text: kindWords(k.kind) }))];
  return (
    <div className="stack">
      <div className={styles.ask}>
        {others ? <PersonPicker name={name} onChange={(n) => set({ principal: n })} /> : <Only />}
        <Select label="Kind" options={options} value={kind ?? ""} onChange={(k) => set({ kind: k === "" ? undefined : k })} />
      </div>
      {others || self ? <Reach principal={name} kind={kind} self={self} /> : <Refused name={name} />}
    </div>
  );
}

function PersonPicker({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const found = useGet<{ principals: Principal[] }>("/principals", { q: name, max_results: 20 });
  const value = found.data?.principals.find((p) => p.name === name) ?? null;
  if (found.isPending) return <Skeleton lines={1} label="Loading" />;
  return <PrincipalPicker key={value?.id ?? name} label="User, service principal or group" value={value} onChange={(p) => p && onChange(p.name)} />;
}

/** Who may ask about himself only is told so, and whom to ask for more. */
function Only() {
  const viewer = useViewer();
  return (
    <Notice>
      You see what you have yourself. Only administrators and auditors ask about others.{" "}
      <Allowed ability="ask-about-others" on={{ object: "workspace", kind: "workspace", abilities: viewer.abilities }}>
        <Button size="s">Ask about others</Button>
      </Allowed>
    </Notice>
  );
}

function Refused({ name }: { name: string }) {
  return (
    <Empty icon={<UserSearch aria-hidden="true" />} title="You may ask only about yourself">
      <p>
        What <bdi className="break">{name}</bdi> has is shown to administrators and auditors.
      </p>
    </Empty>
  );
}

const page = 200;

function Reach({ principal, kind, self }: { principal: string; kind: string | undefined; self: boolean }) {
  const params = { principal: self ? undefined : principal, kind, max_results: page };
  const list = usePaged<WhatCanAnswer, Reached>("/what-can", params, (a) => a.objects);
  const columns = useColumns(principal, self, list.data?.pages[0]?.principal.kind === "group");
  if (list.error) return <Problem title="This is not shown." error={list.error} onRetry={() => void list.refetch()} />;
  if (list.isPending) return <Skeleton lines={8} label="Working out what they have" />;
  const count = `${countText(list.items.length)}${list.hasNextPage ? " or more" : ""}`;
  return (
    <div className="stack">
      <div className="spread">
        <p role="status">
          <strong>{count}</strong> <span className="muted">{list.items.length === 1 ? "object" : "objects"}</span>
        </p>
        <CSVButton path="/what-can" params={{ principal: self ? undefined : principal, kind, max_results: "10000" }} name="what-can.csv" />
      </div>
      <Table
        label={`What ${self ? "you have" : `${principal} has`}`}
        columns={columns}
        rows={list.items}
        rowKey={(r) => r.object}
        empty={kind ? `Nothing of this kind.` : "No level on anything."}
      />
      <More list={list} what="objects" />
    </div>
  );
}

function useColumns(principal: string, self: boolean, group: boolean): Column<Reached>[] {
  const explain = useExplain();
  const law = useKinds();
  const why = (r: Reached) => {
    const kind = law.find((k) => k.kind === r.kind);
    const ability = leastAbility(kind?.abilities ?? [], kind?.levels ?? []) ?? "";
    explain.open(self ? { object: r.object, ability } : { object: r.object, ability, principal });
  };
  const columns: Column<Reached>[] = [
    { key: "object", title: "Object", width: "36%", cell: (r) => <Reachable object={r} /> },
    { key: "level", title: "Level", cell: (r) => <LevelBadge level={levelOf(r.level)} /> },
    { key: "through", title: "Through", cell: (r) => <Through row={r} principal={principal} /> },
    { key: "from", title: "Given on", hideNarrow: true, cell: (r) => (r.from.object === r.object ? <span className="muted">itself</span> : <ObjectLink object={r.from} />) },
  ];
  // Groups do not call, so that there is no decision to explain.
  if (group) return columns;
  const button = (r: Reached) => (
    <Button size="s" onPress={() => why(r)} aria-label={`Why ${r.path ?? r.name}`}>
      Why
    </Button>
  );
  return [...columns, { key: "why", title: "Why", hideTitle: true, align: "end", cell: button }];
}

function Reachable({ object }: { object: Reached }) {
  return (
    <span className={styles.person}>
      <KindIcon kind={object.kind} />
      <span className={styles.lines}>
        <ObjectLink object={object} />
        <span className="muted small">{kindWords(object.kind)}</span>
      </span>
    </span>
  );
}

function Through({ row, principal }: { row: Reached; principal: string }) {
  if (row.rule === "admins") return <span className="muted">administrators</span>;
  if (row.through.name === principal) return <span className="muted">directly</span>;
  return (
    <span className={styles.person}>
      <KindIcon kind={row.through.kind} />
      <bdi className="break">{shownName(whoOf(row.through))}</bdi>
    </span>
  );
}
