import { Badge, Code, Table, type Column } from "../../ui";
import { valueOf, type DatasetInput } from "../types";

const columns: Column<DatasetInput>[] = [
  { key: "name", title: "Dataset", cell: ({ dataset }) => <span className="break">{dataset.name}</span> },
  { key: "context", title: "Used for", cell: ({ tags }) => <Badge>{valueOf(tags, "mlflow.data.context") ?? "not said"}</Badge> },
  { key: "digest", title: "Digest", cell: ({ dataset }) => <span className="mono">{dataset.digest}</span> },
  { key: "source", title: "Source", cell: ({ dataset }) => <span className="break small">{sourceText(dataset.source) || dataset.source_type}</span>, hideNarrow: true },
  { key: "schema", title: "Schema and profile", cell: ({ dataset }) => <Details schema={dataset.schema} profile={dataset.profile} /> },
];

/** What a source says of its place: most are JSON with a uri or url. */
export function sourceText(source: string | undefined): string {
  try {
    const value: unknown = JSON.parse(source ?? "");
    const { uri, url, path } = value as { uri?: unknown; url?: unknown; path?: unknown };
    const place = uri ?? url ?? path;
    return typeof place === "string" ? place : (source ?? "");
  } catch {
    return source ?? "";
  }
}

function Details({ schema, profile }: { schema: string | undefined; profile: string | undefined }) {
  if (!schema && !profile) return <span className="faint">none</span>;
  return (
    <details>
      <summary>Show</summary>
      {schema ? <Code text={pretty(schema)} what="schema" language="json" maxHeight="40vh" /> : null}
      {profile ? <Code text={pretty(profile)} what="profile" language="json" maxHeight="40vh" /> : null}
    </details>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The datasets that a run read. */
export function Datasets({ inputs }: { inputs: readonly DatasetInput[] }) {
  if (inputs.length === 0) return <p className="muted">No datasets were logged.</p>;
  return <Table label="Datasets" columns={columns} rows={inputs} rowKey={({ dataset }) => `${dataset.name}/${dataset.digest}`} />;
}
