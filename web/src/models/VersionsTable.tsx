import { useViewer } from "../app/session";
import { Badge, Code, Empty, Link, Problem, Skeleton, Table, Time, type Column } from "../ui";
import { versionLines } from "./code";
import { Digest } from "./Digest";
import styles from "./Models.module.css";
import { Pager } from "./Pager";
import { loggedModelPage, runPage, versionPage } from "./paths";
import { usePages, useVersion, useVersions } from "./queries";
import { StageBadge } from "./StageBadge";
import { StageMenu } from "./StageMenu";
import { StatusBadge } from "./StatusBadge";
import type { VersionRow } from "./types";

/** So few that what lists of versions leave out (digest, what the viewer may do) can be asked for row by row. */
const size = 25;

/** The versions of a model, newest first. */
export function VersionsTable({ name }: { name: string }) {
  const { host } = useViewer();
  const pages = usePages(name);
  const list = useVersions(name, pages.token, size);
  if (list.error) return <Problem error={list.error} title="The versions could not be listed." onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={6} label="Loading the versions" />;
  const versions = list.data.model_versions ?? [];
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
  { key: "aliases", title: "Aliases", cell: (v) => <AliasBadges aliases={v.aliases ?? []} /> },
  { key: "digest", title: "Digest", cell: (v) => <RowDigest row={v} />, hideNarrow: true },
  { key: "source", title: "Source", cell: (v) => <RowSource row={v} />, hideNarrow: true },
  { key: "menu", title: "Change the stage", hideTitle: true, align: "end", cell: (v) => <RowStage row={v} /> },
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

/** The stage; the status too, while there are no files to load. */
function Standing({ row }: { row: VersionRow }) {
  return (
    <span className={styles.chips}>
      <StageBadge stage={row.current_stage} />
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

function RowDigest({ row }: { row: VersionRow }) {
  const version = useVersion(row.name, row.version);
  if (version.isPending) return <span className="faint">…</span>;
  return <Digest digest={version.data?.digest} />;
}

function RowStage({ row }: { row: VersionRow }) {
  const version = useVersion(row.name, row.version);
  return version.data ? <StageMenu version={version.data} size="s" /> : null;
}

function RowSource({ row }: { row: VersionRow }) {
  const link = useVersion(row.name, row.version).data?.source_link;
  if (link?.run_id) return <Link to={runPage(link.experiment_id, link.run_id)} className={styles.count}>Run {link.run_id.slice(0, 8)}</Link>;
  if (link?.model_id) return <Link to={loggedModelPage(link.experiment_id, link.model_id)}>Logged model</Link>;
  return <span className="faint">{row.run_id ? "a run that you may not see" : "none"}</span>;
}
