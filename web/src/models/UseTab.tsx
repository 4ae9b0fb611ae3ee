import { Download } from "lucide-react";
import { useViewer } from "../app/session";
import { Button, Code, Copy, Notice, Section } from "../ui";
import { loadDatabricksLines, loadLines, modelUris, verifyLines } from "./code";
import type { ModelVersion } from "./types";
import { saveSums } from "./VersionMenu";

/** How a version is loaded, and how a copy is checked without trusting the server. */
export function UseTab({ version, prompt }: { version: ModelVersion; prompt: boolean }) {
  const { host } = useViewer();
  const words = { host, name: version.name, version: version.version, stage: version.current_stage, alias: version.aliases[0], prompt };
  return (
    <div className="stack" style={{ gap: "var(--s6)" }}>
      <Section title={prompt ? "Load the prompt" : "Load the model"} about="Read on the model is enough. An address by stage means the newest version there.">
        {modelUris(words).map((uri) => (
          <div key={uri} className="row">
            <code className="break">{uri}</code>
            <Copy text={uri} what={`address ${uri}`} />
          </div>
        ))}
        <Code language="python" what="lines that load it over MLflow's protocol" text={loadLines(words)} />
      </Section>
      {prompt ? null : (
        <>
          <Section title="With Databricks URIs" about="For code that was written for a Databricks workspace. Its clients know no aliases there.">
            <Code language="python" what="lines that load it with Databricks URIs" text={loadDatabricksLines(words)} />
          </Section>
          <Verify version={version} lines={verifyLines(words)} />
        </>
      )}
    </div>
  );
}

function Verify({ version, lines }: { version: ModelVersion; lines: string }) {
  return (
    <Section
      title="Verify a copy"
      about="The digest is the sha256 of the list of all files with their own sha256. The same digest in the checks, the approval and the audit trail means the same bytes."
    >
      {version.digest ? (
        <>
          <div className="row">
            <code className="break">{version.digest}</code>
            <Copy text={version.digest} what="digest" />
          </div>
          <div>
            <Button icon={<Download aria-hidden="true" />} onPress={() => void saveSums(version)}>
              Download SHA256SUMS
            </Button>
          </div>
          <Code language="bash" what="commands that verify a copy" text={lines} />
          <Notice>MLflow adds a file registered_model_meta to what it downloads. It is not part of the version.</Notice>
        </>
      ) : (
        <Notice>This version has no digest: there are no files to verify.</Notice>
      )}
    </Section>
  );
}
