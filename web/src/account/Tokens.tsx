import { useState } from "react";
import { KeyRound, Plus } from "lucide-react";
import { useSearchParams } from "react-router";
import { AlertDialog, Badge, Button, Copy, Empty, Problem, Section, Skeleton, Table, Time, notify, sorted, useNow, type Column, type Sort } from "../ui";
import { NewTokenDialog } from "./TokenForm";
import { dayText, standingOf, useRevokeToken, useTokens, type Token } from "./tokens";

function Expiry({ token }: { token: Token }) {
  const standing = standingOf(token, useNow());
  if (standing.state === "lasting") return <Badge tone="outline">does not expire</Badge>;
  if (standing.state === "good") return <Time at={standing.at} />;
  return (
    <Badge tone={standing.state === "soon" ? "warn" : "bad"}>
      {standing.state === "soon" ? "soon: " : "expired "}
      <Time at={standing.at} />
    </Badge>
  );
}

function columnsFor(revoke: (token: Token) => void): Column<Token>[] {
  return [
    { key: "comment", title: "For", cell: (t) => (t.comment === "" ? <span className="faint">no comment</span> : <span className="break">{t.comment}</span>), sortable: true },
    { key: "scopes", title: "Reach", cell: (t) => (t.scopes?.length ? t.scopes.join(", ") : "everything"), hideNarrow: true },
    { key: "created", title: "Created", cell: (t) => <Time at={t.creation_time} />, sortable: true, hideNarrow: true },
    { key: "used", title: "Last used", cell: (t) => <LastUse token={t} />, sortable: true },
    { key: "expires", title: "Expires", cell: (t) => <Expiry token={t} />, sortable: true },
    { key: "id", title: "ID", cell: (t) => <TokenID id={t.token_id} />, hideNarrow: true },
    {
      key: "actions",
      title: "Actions",
      hideTitle: true,
      align: "end",
      cell: (t) => (
        <Button size="s" variant="danger" onPress={() => revoke(t)} aria-label={`Revoke ${t.comment || t.token_id}`}>
          Revoke
        </Button>
      ),
    },
  ];
}

/** The server keeps the day of the last use, and where it came from. */
function LastUse({ token: { last_used_day: day, last_used_source: source } }: { token: Token }) {
  if (day === undefined) return <span className="faint">never</span>;
  return <span title={source ? `from ${source}` : undefined}>{dayText(day)}</span>;
}

function TokenID({ id }: { id: string }) {
  return (
    <span className="row" style={{ flexWrap: "nowrap" }}>
      <code className="small">{id.length > 12 ? `${id.slice(0, 10)}…` : id}</code>
      <Copy text={id} what="token ID" />
    </span>
  );
}

const valueOf = (token: Token, key: string) =>
  ({ comment: token.comment, created: token.creation_time, used: token.last_used_day ?? 0, expires: token.expiry_time <= 0 ? undefined : token.expiry_time })[key];

/** Whether the form is open; the address /account?new=token opens it. */
function useCreating(): [boolean, (open: boolean) => void] {
  const [params, setParams] = useSearchParams();
  return [params.get("new") === "token", (open) => setParams(open ? { new: "token" } : {}, { replace: true })];
}

/** The viewer's own tokens. */
export function Tokens() {
  const tokens = useTokens();
  const revoke = useRevokeToken();
  const [creating, setCreating] = useCreating();
  const [revoked, setRevoked] = useState<Token>();
  const [sort, setSort] = useState<Sort>({ key: "created", direction: "descending" });
  const rows = tokens.data?.token_infos ?? [];
  const create = (
    <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => setCreating(true)}>
      New token
    </Button>
  );
  return (
    <Section title="Tokens" about="A token lets a client act as you. Make one for each place, so that each can be revoked by itself." actions={create}>
      {tokens.isPending ? <Skeleton lines={4} /> : null}
      {tokens.error ? <Problem error={tokens.error} onRetry={() => void tokens.refetch()} /> : null}
      {tokens.data && rows.length === 0 ? (
        <Empty level={3} title="No tokens" icon={<KeyRound aria-hidden="true" />} actions={create}>
          <p>MLflow and Databricks clients sign in with a token. Make one and copy the lines that go with it.</p>
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <Table
          label="Tokens"
          columns={columnsFor(setRevoked)}
          rows={sorted(rows, sort, valueOf)}
          rowKey={(t) => t.token_id}
          sort={sort}
          onSort={setSort}
        />
      ) : null}
      <NewTokenDialog isOpen={creating} onOpenChange={setCreating} />
      <AlertDialog
        isOpen={revoked !== undefined}
        onOpenChange={() => setRevoked(undefined)}
        title="Revoke this token?"
        action="Revoke"
        onConfirm={async () => {
          if (revoked) await revoke.mutateAsync(revoked.token_id);
          notify("The token was revoked.");
        }}
      >
        Clients that use {revoked?.comment ? <strong>{revoked.comment}</strong> : "it"} are refused from now on. Sessions that were opened with it end too.
      </AlertDialog>
    </Section>
  );
}
