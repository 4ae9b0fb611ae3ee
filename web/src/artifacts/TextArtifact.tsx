import { lazy, Suspense, useState } from "react";
import { Button, Code, Markdown, Notice, Problem, Skeleton, sizeText } from "../ui";
import { JsonTree } from "./JsonTree";
import { languageOf, type Showing } from "./kinds";
import { sourceKey, type ArtifactSource } from "./source";
import { useTextFile } from "./useArtifacts";

const TableArtifact = lazy(() => import("./TableArtifact").then((m) => ({ default: m.TableArtifact })));

export interface TextArtifactProps {
  source: ArtifactSource;
  path: string;
  showing: Showing;
}

/** A text artifact: as the table, tree or page it is, or, on demand, as its source. */
export function TextArtifact({ source, path, showing }: TextArtifactProps) {
  const file = useTextFile(source, path);
  const [raw, setRaw] = useState(false);
  if (file.error) return <Problem error={file.error} title="The file could not be read." onRetry={() => void file.refetch()} />;
  if (!file.data) return <Skeleton lines={8} label="Loading the file" />;
  const { text, cutFrom } = file.data;
  const rich = showing !== "text" && !raw;
  return (
    <div className="stack">
      {cutFrom === undefined ? null : <Notice tone="warn">Only the first 2 MB of {sizeText(cutFrom)} are shown. Download the file for the rest.</Notice>}
      {showing === "text" ? null : (
        <div className="row">
          <Button size="s" onPress={() => setRaw(!raw)}>
            {raw ? "Show formatted" : "Show source"}
          </Button>
        </div>
      )}
      {rich ? <Rich showing={showing} text={text} path={path} id={sourceKey(source)} cut={cutFrom !== undefined} /> : <Source text={text} path={path} />}
    </div>
  );
}

function Source({ text, path }: { text: string; path: string }) {
  if (text === "") return <p className="muted">The file is empty.</p>;
  return <Code text={text} what={path} language={languageOf(path)} maxHeight="70vh" wrap={text.length < 50_000} />;
}

interface RichProps {
  showing: Showing;
  text: string;
  path: string;
  id: string;
  cut: boolean;
}

function Rich({ showing, text, path, id, cut }: RichProps) {
  switch (showing) {
    case "markdown":
      return <Markdown text={text} />;
    case "json":
      return <Json text={text} path={path} cut={cut} />;
    case "table":
      return (
        <Suspense fallback={<Skeleton lines={8} />}>
          <TableArtifact key={`${id}/${path}`} text={text} path={path} cut={cut} />
        </Suspense>
      );
    default:
      return <Source text={text} path={path} />;
  }
}

function Json({ text, path, cut }: { text: string; path: string; cut: boolean }) {
  const [value, reason] = parsed(text);
  if (reason === undefined) return <JsonTree value={value} label={path} />;
  return (
    <div className="stack">
      {cut ? null : <Notice tone="warn">This is not valid JSON: {reason}</Notice>}
      <Source text={text} path={path} />
    </div>
  );
}

function parsed(text: string): [unknown, string | undefined] {
  try {
    return [JSON.parse(text), undefined];
  } catch (error) {
    return [undefined, error instanceof Error ? error.message : String(error)];
  }
}
