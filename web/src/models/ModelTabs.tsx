import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../api/client";
import { ButtonLink, Empty, Notice, Problem, Select, Skeleton } from "../ui";
import { ActivityFeed, type VersionActivity } from "./ActivityFeed";
import { LineageView } from "./LineageView";
import { versionPath } from "./paths";
import { useVersions } from "./queries";
import { RequestList } from "./RequestList";
import type { ActivitiesAnswer, Model } from "./types";

/** The pending requests of one model. */
export function RequestsTab({ name }: { name: string }) {
  return (
    <div className="stack">
      <RequestList
        whose="all"
        model={name}
        empty={
          <Empty title="No request is pending" level={3}>
            Who may not move a version asks for it: by the Stage menu of a version.
          </Empty>
        }
      />
    </div>
  );
}

/** Versions that the tabs below choose from. */
const recent = 20;

/** The provenance of one version after the other: the one in Production first. */
export function ProvenanceTab({ model }: { model: Model }) {
  const versions = useVersions(model.name, "", recent);
  const [chosen, setChosen] = useState<string>();
  if (versions.error) return <Problem error={versions.error} title="The versions could not be listed." />;
  if (!versions.data) return <Skeleton label="Loading the versions" />;
  const rows = versions.data.versions;
  const version = chosen ?? model.latest.Production ?? rows[0]?.version;
  if (version === undefined) return <Empty title="No versions yet" level={3}>Where a version comes from is shown when there is one.</Empty>;
  const options = rows.map((v) => ({ value: v.version, text: `Version ${v.version}`, what: v.current_stage === "None" ? undefined : v.current_stage }));
  const all = options.some((o) => o.value === version) ? options : [{ value: version, text: `Version ${version}`, what: undefined }, ...options];
  return (
    <div className="stack">
      <div style={{ maxWidth: 260 }}>
        <Select label="Version" options={all} value={version} onChange={setChosen} />
      </div>
      <LineageView key={version} name={model.name} version={version} />
    </div>
  );
}

/** What was done with the newest versions, put together. */
export function ActivityTab({ model }: { model: Model }) {
  const versions = useVersions(model.name, "", recent);
  const rows = versions.data?.versions ?? [];
  const feeds = useQueries({
    queries: rows.map(({ version }) => ({
      queryKey: [`${versionPath(model.name, version)}/activities`, { max_results: 50 }],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        get<ActivitiesAnswer>(`${versionPath(model.name, version)}/activities`, { max_results: 50 }, { signal }),
    })),
  });
  const error = versions.error ?? feeds.find((f) => f.error)?.error;
  if (error) return <Problem error={error} title="The activity could not be read." />;
  if (!versions.data || feeds.some((f) => f.isPending)) return <Skeleton label="Loading the activity" />;
  const entries: VersionActivity[] = feeds.flatMap((feed, i) =>
    (feed.data?.activities ?? []).map((activity) => ({ activity, version: rows[i]?.version ?? "" })),
  );
  entries.sort((a, b) => b.activity.creation_timestamp - a.activity.creation_timestamp);
  return (
    <div className="stack">
      <div>
        <ButtonLink to={`/audit?q=${encodeURIComponent(`object:${model.object}`)}`} size="s">
          Everything that was done, in the audit trail
        </ButtonLink>
      </div>
      {versions.data.next_page_token === undefined ? null : <Notice>{`Of the newest ${recent} versions. Each version's page has all of its own.`}</Notice>}
      <ActivityFeed name={model.name} entries={entries.slice(0, 200)} several />
    </div>
  );
}
