import { useState } from "react";
import { Download, FileCheck, ShieldCheck } from "lucide-react";
import { useSearchParams } from "react-router";
import { download } from "../api/client";
import { useGet, usePaged } from "../api/hooks";
import { useViewer } from "../app/session";
import { Badge, Button, Empty, IconButton, Menu, More, notify, Page as Screen, Problem, Skeleton, Switch, Table, Time, type Column } from "../ui";
import styles from "./Audit.module.css";
import { actionWords, subjectOf, type AuditEvent, type AuditPage } from "./audit";
import { EventDrawer, ResultBadge } from "./EventDrawer";
import { SearchLine } from "./SearchLine";

/** How often the newest page is asked for while the trail is followed. */
const tail = 3000;

/** The audit trail: search, detail with proof, export. */
export function Page() {
  const [params, setParams] = useSearchParams();
  const query = params.get("q") ?? "";
  // Who may not read the trail gets the server's reason, and no search that cannot find anything.
  const may = useViewer().abilities.includes("read-audit");
  const [shown, setShown] = useState<string>();
  const [following, setFollowing] = useState(false);
  const list = usePaged<AuditPage, AuditEvent>("/audit", { q: query, max_results: 100 }, (page) => page.events);
  // Following looks at the newest page only: what came before stays as it was read.
  const newest = useGet<AuditPage>("/audit", { q: query, max_results: 100 }, { enabled: following, ...(following ? { every: tail } : {}) });
  const events = following && newest.data ? newest.data.events : list.items;
  const search = (next: string) => {
    setParams(next === "" ? {} : { q: next }, { replace: next === query });
    setShown(undefined);
  };
  const error = following ? newest.error : list.error;
  return (
    <Screen title="Audit" width="wide" badges={may ? <Sealed /> : null} actions={may ? <Downloads query={query} /> : null} about="Who did what, when, from where, and how it was decided.">
      {may ? (
        <>
          <SearchLine query={query} onSearch={search} />
          <Switch isSelected={following} onChange={setFollowing}>
            Follow new events
          </Switch>
        </>
      ) : null}
      {error ? <Problem error={error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton lines={12} /> : null}
      {list.data && !error && events.length === 0 ? (
        <Empty title="Nothing fits this search">{list.hasNextPage ? "Nothing among the newest; look further back." : "Leave a qualifier out, or look at a longer time."}</Empty>
      ) : null}
      {list.data && !error && events.length > 0 ? (
        <Table
          label="Events"
          columns={columnsFor(setShown)}
          rows={events}
          rowKey={(event) => event.event_id}
          current={shown}
        />
      ) : null}
      {following || error ? null : <More list={list} what="events" />}
      {shown ? (
        <EventDrawer
          id={shown}
          query={query}
          onSearch={search}
          onClose={() => {
            setShown(undefined);
          }}
        />
      ) : null}
    </Screen>
  );
}

const columnsFor = (show: (id: string) => void): Column<AuditEvent>[] => [
  {
    key: "action",
    title: "Action",
    cell: (event) => (
      <span className={styles.open}>
        <Button
          variant="quiet"
          size="s"
          onPress={() => {
            show(event.event_id);
          }}
        >
          {actionWords(event.action_name)}
          {event.count && event.count > 1 ? ` × ${String(event.count)}` : ""}
        </Button>
      </span>
    ),
  },
  { key: "result", title: "Result", cell: (event) => <ResultBadge event={event} /> },
  { key: "actor", title: "Actor", cell: (event) => <span className={styles.cell}>{event.actor?.name ?? <span className="faint">nobody</span>}</span> },
  {
    key: "object",
    title: "Object",
    cell: (event) => (
      <span className={styles.cell} title={subjectOf(event)}>
        {subjectOf(event)}
      </span>
    ),
  },
  { key: "operation", title: "Operation", cell: (event) => <Badge tone="outline">{event.operation}</Badge>, hideNarrow: true },
  { key: "from", title: "From", cell: (event) => <span className="mono">{event.source_ip_address}</span>, hideNarrow: true },
  { key: "time", title: "Time", cell: (event) => <Time at={Date.parse(event.event_time)} /> },
];

/** How far the ledger is sealed. */
function Sealed() {
  const checkpoint = useGet<{ checkpoint: string; size: number }>("/audit/checkpoint", undefined, { every: 30_000 });
  if (!checkpoint.data) return null;
  return (
    <Badge tone="good" icon={<ShieldCheck aria-hidden="true" size={14} />} title={checkpoint.data.checkpoint}>
      {`Sealed to sequence ${String(checkpoint.data.size)}`}
    </Badge>
  );
}

function Downloads({ query }: { query: string }) {
  const save = (path: string, name: string, params: Record<string, string>) => () => {
    void download(path, name, params).catch((error: unknown) => {
      notify(error instanceof Error ? error.message : "The download failed.", { tone: "bad" });
    });
  };
  return (
    <Menu
      label="Download"
      trigger={
        <IconButton label="Download">
          <Download aria-hidden="true" size={16} />
        </IconButton>
      }
      groups={[
        {
          title: "What this search finds",
          entries: [
            { id: "csv", text: "CSV", what: "For a spreadsheet", onAction: save("/audit/download", "audit.csv", { q: query, format: "csv" }) },
            { id: "json", text: "JSON", what: "With before and after", onAction: save("/audit/download", "audit.json", { q: query, format: "json" }) },
          ],
        },
        {
          title: "The whole ledger",
          entries: [
            {
              id: "export", text: "Export with proofs", what: "For bailiwick audit verify", icon: <FileCheck aria-hidden="true" size={16} />,
              onAction: save("/audit/export", "audit.jsonl", {}),
            },
          ],
        },
      ]}
    />
  );
}
