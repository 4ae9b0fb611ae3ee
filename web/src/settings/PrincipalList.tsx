import { useState, type ReactNode } from "react";
import { Badge, Empty, More, Problem, SearchField, Skeleton, Table, type Column } from "../ui";
import { usePrincipals, type PrincipalRow } from "./principals";

interface PrincipalListProps {
  kind: "user" | "group" | "service-principal";
  /** In the plural, for titles: "Users". */
  title: string;
  create: ReactNode;
  /** Further columns, the menu of each row among them. */
  columns: readonly Column<PrincipalRow>[];
}

/** A searchable list of one kind of principal. */
export function PrincipalList({ kind, title, create, columns }: PrincipalListProps) {
  const [text, setText] = useState("");
  const list = usePrincipals(kind, text.trim());
  return (
    <div className="stack">
      <div className="spread">
        <SearchField label={`Search ${title.toLowerCase()}`} value={text} onChange={setText} placeholder="Name" />
        {create}
      </div>
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton /> : null}
      {list.data ? (
        <>
          {list.items.length === 0 ? (
            <Empty title={text ? `No ${title.toLowerCase()} with this name` : `No ${title.toLowerCase()} yet`}>{text ? "Search for another part of the name." : "Create the first, or connect the directory by SCIM."}</Empty>
          ) : (
            <Table label={title} columns={columns} rows={list.items} rowKey={(p) => p.id} />
          )}
          <More list={list} what={title.toLowerCase()} />
        </>
      ) : null}
    </div>
  );
}

/** Name and display name of a row. */
export const nameColumn: Column<PrincipalRow> = {
  key: "name",
  title: "Name",
  cell: (p) => (
    <span className="break">
      {p.kind === "service-principal" ? p.display_name : p.name}
      {p.kind === "user" && p.display_name !== p.name ? <span className="faint"> {p.display_name}</span> : null}
    </span>
  ),
};

export const stateColumn: Column<PrincipalRow> = {
  key: "state",
  title: "State",
  cell: (p) => (p.active ? <Badge tone="good">Active</Badge> : <Badge tone="warn">Not active</Badge>),
};
