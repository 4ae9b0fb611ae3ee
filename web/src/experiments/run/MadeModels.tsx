import { Badge, Link, Table, type Column } from "../../ui";
import type { LineageNode } from "../types";
import type { MadeVersion } from "../useRun";

interface Row {
  key: string;
  kind: "Logged model" | "Registered version";
  name: string;
  to: string;
  state: string;
  stage?: string | undefined;
}

const columns: Column<Row>[] = [
  { key: "name", title: "Name", cell: ({ name, to }) => <Link to={to}>{name}</Link> },
  { key: "kind", title: "Kind", cell: ({ kind }) => kind },
  { key: "stage", title: "Stage", cell: ({ stage, state }) => (state === "active" ? stage && stage !== "None" ? <Badge>{stage}</Badge> : "" : <Badge tone="warn">{state}</Badge>) },
];

export interface MadeModelsProps {
  experiment: string;
  models: readonly LineageNode[];
  versions: readonly MadeVersion[];
}

/** The models that came of a run: logged ones, and versions that were registered of it. */
export function MadeModels({ experiment, models, versions }: MadeModelsProps) {
  const rows: Row[] = [
    ...models.map((node): Row => ({ key: node.key, kind: "Logged model", name: node.name ?? node.id, to: `/experiments/${experiment}/models/${node.id}`, state: node.state })),
    ...versions.map(({ name, version, stage, state }): Row => ({
      key: `${name}/${version}`,
      kind: "Registered version",
      name: `${name}, version ${version}`,
      to: `/models/${encodeURIComponent(name)}/versions/${version}`,
      state,
      stage,
    })),
  ];
  if (rows.length === 0) return <p className="muted">No models came of this run.</p>;
  return <Table label="Models of this run" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}
