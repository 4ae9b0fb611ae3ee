import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { useViewer } from "../app/session";
import { Badge, Code, Empty, Link, plural, Problem, Skeleton, Table, Time, type Column } from "../ui";
import { versionLines } from "./code";
import { Digest } from "./Digest";
import styles from "./Models.module.css";
import { Pager } from "./Pager";
import { loggedModelPage, runPage, versionPage } from "./paths";
import { usePages, useVersions } from "./queries";
import { StageBadge } from "./StageBadge";
import { StageMenu } from "./StageMenu";
import { StatusBadge } from "./StatusBadge";
import type { Check, VersionRow } from "./types";

const size = 25;

/** The versions of a model, newest first. */
export function VersionsTable({ name }: { name: string }) {
  const { host } = useViewer();
  const pages = usePages(name);
  const list = useVersions(name, pages.token, size);
  if (list.error) return <Problem error={list.error} title="The versions could not be listed." onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={6} label="Loading the versions" />;
  const { versions } = list.data;
  if (versions.length === 0 && pages.at === 0) return <NoVersions host={host} name={name} />;
  return (
    <div className="stack">
      <Table label="Versions" columns={columns} rows={versions} rowKey={(v) => v.version} empty="No versions on this page." />
      <Pager pages={pages} size={size} shown={versions.length} next={list.data.next_page_token} what="versions" isLoading={list.isPlaceholderData} />
    </div>
  );
}

function NoVersions({ host, name }: { host: string; name: string }) {
  return (
    <Empty title="No versions yet" level={3}>
      <p>Register what a run has logged as the first version:</p>
      <Code wrap language="python" what="lines that register a version" text={versionLines(host, name)} />
    </Empty>
  );
}

const columns: Column<VersionRow>[] = [
  { key: "version", title: "Version", cell: (v) => <Version row={v} /> },
  { key: "stage", title: "Stage", cell: (v) => <Standing row={v} /> },
  { key: "aliases", title: "Aliases", cell: (v) => <AliasBadges aliases={v.aliases} /> },
  { key: "digest", title: "Digest", cell: (v) => <Digest digest={v.digest} />, hideNarrow: true },
  { key: "checks", title: "Checks", cell: (v) => <ChecksSummary checks={v.checks} />, hideNarrow: true },
  { key: "source", title: "Source", cell: (v) => <Source row={v} />, hideNarrow: true },
  { key: "menu", title: "Change the stage", hideTitle: true, align: "end", cell: (v) => <StageMenu version={v} size="s" /> },
];

function Version({ row }: { row: VersionRow }) {
  return (
    <span className={styles.version}>
      <Link to={versionPage(row.name, row.version)}>Version {row.version}</Link>
      <span className="faint small">
        <Time at={row.creation_timestamp} />
        {row.user_id ? ` by ${row.user_id}` : ""}
      </span>
    </span>
  );
}

/** The stage, what is asked for, and the status while there are no files to load. */
function Standing({ row }: { row: VersionRow }) {
  return (
    <span className={styles.chips}>
      <StageBadge stage={row.current_stage} />
      {row.pending > 0 ? <Badge tone="accent">{plural(row.pending, "request")}</Badge> : null}
      {row.status === "READY" ? null : <StatusBadge status={row.status} reason={row.status_message} />}
    </span>
  );
}

function AliasBadges({ aliases }: { aliases: readonly string[] }) {
  if (aliases.length === 0) return <span className="faint">none</span>;
  return (
    <span className={styles.chips}>
      {aliases.map((alias) => (
        <Badge key={alias} tone="accent">
          @{alias}
        </Badge>
      ))}
    </span>
  );
}

function Source({ row: { source_link: link, run_id } }: { row: VersionRow }) {
  if (link?.run_id) {
    return (
      <Link to={runPage(link.experiment_id, link.run_id)} className={styles.count}>
        Run {link.run_id.slice(0, 8)}
      </Link>
    );
  }
  if (link?.model_id) return <Link to={loggedModelPage(link.experiment_id, link.model_id)}>Logged model</Link>;
  return <span className="faint">{run_id ? "a run that you may not see" : "none"}</span>;
}

/** How the checks of the version's own bytes went, in a word each. */
function ChecksSummary({ checks }: { checks: readonly Check[] }) {
  const current = checks.filter((check) => check.current);
  if (current.length === 0) return <span className="faint">none</span>;
  const passed = current.filter((check) => check.state === "success").length;
  const running = current.filter((check) => check.state === "pending").length;
  const failed = current.length - passed - running;
  return (
    <span className={styles.chips}>
      {failed > 0 ? <Badge tone="bad" icon={<CircleX aria-hidden="true" />}>{`${failed} failed`}</Badge> : null}
      {running > 0 ? <Badge tone="warn" icon={<CircleDashed aria-hidden="true" />}>{`${running} running`}</Badge> : null}
      {passed > 0 ? <Badge tone="good" icon={<CircleCheck aria-hidden="true" />}>{`${passed} passed`}</Badge> : null}
    </span>
  );
}
