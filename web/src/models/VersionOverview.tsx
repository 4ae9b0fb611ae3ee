import { CircleAlert, CircleCheck } from "lucide-react";
import { useViewer } from "../app/session";
import { Code, Notice, Section, Table, type Column } from "../ui";
import { CheckTable } from "./Checks";
import { checkLines } from "./code";
import { PromptText } from "./PromptText";
import { Cards } from "./RequestList";
import { StageBadge } from "./StageBadge";
import type { ModelVersion, Stage } from "./types";

/** What decides about a version now: pending requests, checks, and what is missing for each stage. */
export function VersionOverview({ version, prompt }: { version: ModelVersion; prompt: boolean }) {
  return (
    <div className="stack" style={{ gap: "var(--s6)" }}>
      <Status version={version} />
      {prompt ? <PromptText tags={version.tags} /> : null}
      <Section title="Pending requests">
        <Cards requests={version.requests} brief empty={<p className="faint">None. The Stage menu above has what you may move or ask for.</p>} />
      </Section>
      {prompt ? null : <Checks version={version} />}
    </div>
  );
}

function Status({ version }: { version: ModelVersion }) {
  if (version.status === "READY") return null;
  const pending = version.status === "PENDING_REGISTRATION";
  const words = pending ? "Its files are being copied. This page follows by itself." : "Its files could not be taken over. Register it again.";
  return (
    <Notice tone={pending ? "plain" : "warn"}>
      {words} {version.status_message}
    </Notice>
  );
}

function Checks({ version }: { version: ModelVersion }) {
  const { host } = useViewer();
  return (
    <Section title="Checks" about="What CI said of these bytes. The last check of a name counts.">
      <CheckTable checks={version.checks} />
      <StageNeeds version={version} />
      {version.digest && version.abilities.includes("post-check") ? (
        <details>
          <summary>Post a check from CI</summary>
          <Code language="bash" what="command that posts a check" text={checkLines({ host, name: version.name, version: version.version }, version.digest)} />
        </details>
      ) : null}
    </Section>
  );
}

interface Need {
  stage: Stage;
  missing: string[];
}

const columns: Column<Need>[] = [
  { key: "stage", title: "Stage", cell: (n) => <StageBadge stage={n.stage} /> },
  {
    key: "missing",
    title: "Required checks",
    cell: (n) =>
      n.missing.length === 0 ? (
        <span className="row">
          <CircleCheck size={15} aria-hidden="true" /> nothing is missing
        </span>
      ) : (
        <span className="row">
          <CircleAlert size={15} aria-hidden="true" /> missing: {n.missing.join("; ")}
        </span>
      ),
  },
];

/** What is missing before the version may come into each stage in use. */
function StageNeeds({ version }: { version: ModelVersion }) {
  const rows = (["Staging", "Production", "Archived"] as const)
    .map((stage) => ({ stage, missing: version.unmet[stage] ?? [] }))
    .filter((need) => need.stage !== "Archived" || need.missing.length > 0);
  return <Table label="What each stage requires" columns={columns} rows={rows} rowKey={(n) => n.stage} />;
}
