import type { ReactNode } from "react";
import { Badge, Copy, durationText, Link, OutLink, Time } from "../../ui";
import { StatusBadge } from "./StatusBadge";
import { valueOf, type Pair, type Run } from "../types";

const tag = (tags: readonly Pair[] | undefined, key: string) => valueOf(tags, `mlflow.${key}`);

/** When, by whom and from what a run was made. */
export function RunFacts({ run }: { run: Run }) {
  const { info, data } = run;
  const parent = tag(data.tags, "parentRunId");
  const end = info.end_time;
  const facts: [string, ReactNode][] = [
    ["Run ID", <Copied key="id" text={info.run_id} what="run ID" />],
    ["Status", <StatusBadge key="status" status={info.status} />],
    ["Started", <Time key="start" at={info.start_time} />],
    ["Ended", end ? <Time key="end" at={end} /> : <span className="faint">not yet</span>],
    ["Duration", info.start_time && end ? durationText(end - info.start_time) : undefined],
    ["User", info.user_id],
    ["Source", <Source key="source" tags={data.tags} />],
    ["Git commit", <Commit key="commit" tags={data.tags} />],
    ["Parent run", parent ? <Link to={`/experiments/${info.experiment_id}/runs/${parent}`}>{parent}</Link> : undefined],
    ["Artifacts at", info.artifact_uri ? <Copied text={info.artifact_uri} what="artifact location" /> : undefined],
  ];
  return (
    <dl className="facts">
      {facts.map(([term, value]) =>
        value === undefined || value === "" ? null : (
          <div key={term} style={{ display: "contents" }}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className="row">
      <span className="mono break">{text}</span>
      <Copy text={text} what={what} />
    </span>
  );
}

function Source({ tags }: { tags: readonly Pair[] | undefined }) {
  const name = tag(tags, "source.name");
  const type = tag(tags, "source.type");
  const notebook = tag(tags, "databricks.notebookID");
  if (notebook) return <Link to={`/notebooks/${encodeURIComponent(notebook)}`}>{tag(tags, "databricks.notebookPath") ?? `Notebook ${notebook}`}</Link>;
  if (name === undefined) return <span className="faint">not logged</span>;
  return (
    <span className="row">
      <span className="break">{name}</span>
      {type ? <Badge>{type.toLowerCase()}</Badge> : null}
    </span>
  );
}

/** The commit, linked where the repository's address is a page of a known kind. */
function Commit({ tags }: { tags: readonly Pair[] | undefined }) {
  const commit = tag(tags, "source.git.commit") ?? tag(tags, "databricks.gitRepoCommit");
  if (commit === undefined) return <span className="faint">not logged</span>;
  const address = commitAddress(tag(tags, "source.git.repoURL") ?? tag(tags, "databricks.gitRepoUrl"), commit);
  const branch = tag(tags, "source.git.branch");
  return (
    <span className="row">
      <span className="mono break">{address ? <OutLink href={address}>{commit}</OutLink> : commit}</span>
      {branch ? <Badge>{branch}</Badge> : null}
      {tag(tags, "source.git.dirty") === "True" ? <Badge tone="warn">with changes that are not in it</Badge> : null}
      <Copy text={commit} what="commit" />
    </span>
  );
}

/** The page of a commit: GitHub, GitLab and others alike have it below /commit/. Only https addresses become one. */
export function commitAddress(repository: string | undefined, commit: string): string | undefined {
  const ssh = repository?.match(/^git@([\w.-]+):([\w./-]+)$/);
  const base = ssh ? `https://${ssh[1] ?? ""}/${ssh[2] ?? ""}` : repository;
  if (!base?.startsWith("https://") || !/^[0-9a-f]{7,64}$/i.test(commit)) return undefined;
  return `${base.replace(/\.git$/, "").replace(/\/+$/, "")}/commit/${commit}`;
}
