import { Badge, Empty, Problem, Section, Skeleton, Table, type Column } from "../ui";
import type { Field, Flavor, MLmodel } from "./mlmodel";
import { useMLmodel } from "./queries";
import type { ModelVersion } from "./types";

/** What a model takes and gives, and how it can be loaded: from its MLmodel file. */
export function SignatureTab({ version }: { version: ModelVersion }) {
  const ready = version.status === "READY" && version.files > 0;
  const model = useMLmodel(version.name, version.version, ready);
  if (model.error) return <Problem error={model.error} title="The file MLmodel could not be read." onRetry={() => void model.refetch()} />;
  if (!ready || model.data === null) {
    return (
      <Empty title="No MLmodel file">
        A signature and flavours are known of models that MLflow logged.
      </Empty>
    );
  }
  if (model.data === undefined) return <Skeleton lines={6} label="Loading the signature" />;
  return <Shown model={model.data} />;
}

const fieldColumns: Column<Field>[] = [
  { key: "name", title: "Name", cell: (f) => <span className="break">{f.name}</span> },
  { key: "type", title: "Type", cell: (f) => <code className="break">{f.type}</code> },
  { key: "required", title: "Required", cell: (f) => (f.required ? "yes" : "no") },
];

function Shown({ model }: { model: MLmodel }) {
  const parts: [string, Field[] | undefined][] = [
    ["Inputs", model.inputs],
    ["Outputs", model.outputs],
    ["Params", model.params],
  ];
  const known = parts.filter(([, fields]) => fields !== undefined);
  return (
    <div className="stack" style={{ gap: "var(--s6)" }}>
      {known.length === 0 ? (
        <Empty title="No signature">
          It was logged without one: pass signature= or input_example= to log_model.
        </Empty>
      ) : null}
      {known.map(([title, fields]) => (
        <Section key={title} title={title}>
          <Table label={title} columns={fieldColumns} rows={fields ?? []} rowKey={(f) => f.name} empty="None." />
        </Section>
      ))}
      <Section title="Flavours" about={model.mlflowVersion ? `Logged with MLflow ${model.mlflowVersion}.` : undefined}>
        <Table label="Flavours" columns={flavorColumns} rows={model.flavors} rowKey={(f) => f.name} empty="None." />
      </Section>
    </div>
  );
}

const flavorColumns: Column<Flavor>[] = [
  { key: "name", title: "Flavour", cell: (f) => <Badge tone="accent">{f.name}</Badge> },
  { key: "facts", title: "What it says", cell: (f) => <span className="break small">{f.facts.map(([key, value]) => `${key}: ${value}`).join(", ")}</span> },
];
