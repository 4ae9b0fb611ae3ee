import { useGet } from "../api/hooks";
import { mlflow } from "../api/client";
import { Link, metricText, Notice, Problem, Skeleton, Table, type Column } from "../ui";
import { bytesSentence, runDifferences, type Difference, type Pair } from "./difference";
import { Digest } from "./Digest";
import { versionPage } from "./paths";
import { useModel, useVersion } from "./queries";
import { StageBadge } from "./StageBadge";
import type { ModelVersion } from "./types";

/** What is different between a version and the newest one that is in Production. */
export function Comparison({ name, version }: { name: string; version: string }) {
  const model = useModel(name);
  const production = model.data?.latest.Production;
  const asked = useVersion(name, version);
  const current = useVersion(name, production ?? "", production !== undefined);
  const error = model.error ?? asked.error ?? current.error;
  if (error) return <Problem error={error} title="The versions could not be compared." />;
  if (model.data && production === undefined) return <Notice>No version of this model is in Production now.</Notice>;
  if (production === version) return <Notice>This version is itself in Production.</Notice>;
  if (!asked.data || !current.data) return <Skeleton lines={3} label="Loading the comparison" />;
  return <Both production={current.data} asked={asked.data} />;
}

const columns: Column<ModelVersion>[] = [
  {
    key: "version",
    title: "Version",
    cell: (v) => <Link to={versionPage(v.name, v.version)}>version {v.version}</Link>,
  },
  { key: "stage", title: "Stage", cell: (v) => <StageBadge stage={v.current_stage} /> },
  { key: "digest", title: "Digest", cell: (v) => <Digest digest={v.digest} /> },
  { key: "files", title: "Files", cell: (v) => v.files, align: "end" },
  { key: "user", title: "Made by", cell: (v) => <span className="break">{v.user_id ?? "unknown"}</span>, hideNarrow: true },
];

function Both({ production, asked }: { production: ModelVersion; asked: ModelVersion }) {
  const [before, after] = [production.source_link?.run_id, asked.source_link?.run_id];
  return (
    <div className="stack">
      <p>{bytesSentence(production, asked)}</p>
      <Table label="Versions compared" columns={columns} rows={[asked, production]} rowKey={(v) => v.version} />
      {before && after ? (
        <Runs before={before} after={after} versions={[production.version, asked.version]} />
      ) : (
        <p className="faint">Params and metrics cannot be compared: one of the versions comes from no run, or from one that you may not see.</p>
      )}
    </div>
  );
}

interface RunAnswer {
  run: { data: { params?: Pair[]; metrics?: { key: string; value: number }[] } };
}

const useRun = (id: string) => useGet<RunAnswer>(`${mlflow}/runs/get`, { run_id: id });

function Runs({ before, after, versions }: { before: string; after: string; versions: [string, string] }) {
  const [old, now] = [useRun(before), useRun(after)];
  const error = old.error ?? now.error;
  if (error) return <Problem error={error} title="The runs could not be compared." />;
  if (!old.data || !now.data) return <Skeleton lines={3} label="Loading params and metrics" />;
  const valuesOf = ({ run }: RunAnswer) => ({ params: run.data.params ?? [], metrics: run.data.metrics ?? [] });
  const rows = runDifferences(valuesOf(old.data), valuesOf(now.data));
  return (
    <Table
      label="Params and metrics that differ"
      columns={differenceColumns(versions)}
      rows={rows}
      rowKey={(d) => `${d.what} ${d.key}`}
      empty="Params and metrics of the two runs are the same."
    />
  );
}

const value = (d: Difference, text: string | undefined) => {
  if (text === undefined) return <span className="faint">none</span>;
  return <span className="break">{d.what === "metric" ? metricText(Number(text)) : text}</span>;
};

const differenceColumns = ([before, after]: [string, string]): Column<Difference>[] => [
  { key: "key", title: "Name", cell: (d) => <span className="break">{d.key}</span> },
  { key: "what", title: "Kind", cell: (d) => d.what, hideNarrow: true },
  { key: "before", title: `Version ${before} (Production)`, cell: (d) => value(d, d.before), align: "end" },
  { key: "after", title: `Version ${after}`, cell: (d) => value(d, d.after), align: "end" },
  { key: "by", title: "Change", cell: (d) => (d.by === undefined ? "" : signed(d.by)), align: "end" },
];

const signed = (by: number) => (by > 0 ? `+${metricText(by)}` : metricText(by));
