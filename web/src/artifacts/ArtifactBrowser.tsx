import { useState } from "react";
import { File, FileImage, FileJson, FileSpreadsheet, FileText, Folder as FolderIcon, FolderOpen, PackageOpen } from "lucide-react";
import { Empty, Notice, Problem, Skeleton, sizeText, Tree, type TreeNode } from "../ui";
import styles from "./Artifacts.module.css";
import { ArtifactViewer } from "./ArtifactViewer";
import { showingOf, type Showing } from "./kinds";
import { foldersAbove, nameOf, type ArtifactEntry, type ArtifactSource } from "./source";
import { useFolders, type Folder } from "./useArtifacts";

export interface ArtifactBrowserProps {
  source: ArtifactSource;
  /** The file or folder that is shown, and what to do when another is chosen: to keep it in the address. Without them it is kept here. */
  path?: string | undefined;
  onPath?: (path: string) => void;
  /** Read the lists anew every so many milliseconds: while a run is running. */
  every?: number | undefined;
}

const icons: Partial<Record<Showing, typeof File>> = { image: FileImage, svg: FileImage, json: FileJson, table: FileSpreadsheet, none: File };

function nodeOf(entry: ArtifactEntry, folders: ReadonlyMap<string, Folder>): TreeNode {
  const name = nameOf(entry.path);
  if (entry.is_dir) {
    const content = folders.get(entry.path);
    const Icon = content ? FolderOpen : FolderIcon;
    const children = content?.entries.map((child) => nodeOf(child, folders));
    return { key: entry.path, name, icon: <Icon size={15} aria-hidden="true" />, hasChildren: true, children };
  }
  const Icon = icons[showingOf(entry.path)] ?? FileText;
  const size = entry.file_size === undefined ? null : <span className={styles.size}>{sizeText(entry.file_size)}</span>;
  return { key: entry.path, name, icon: <Icon size={15} aria-hidden="true" />, trailing: size };
}

function entryAt(folders: ReadonlyMap<string, Folder>, path: string): ArtifactEntry | undefined {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return folders.get(folder)?.entries.find((entry) => entry.path === path);
}

/** The files of a run, a logged model or a registered version: a tree whose folders load when opened, and a viewer beside it. */
export function ArtifactBrowser({ source, path, onPath, every }: ArtifactBrowserProps) {
  const [own, setOwn] = useState(path ?? "");
  const chosen = onPath ? (path ?? "") : own;
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(path ?? "")));
  const { folders, root } = useFolders(source, [...expanded], every);
  const choose = (next: string) => {
    (onPath ?? setOwn)(next);
    if (entryAt(folders, next)?.is_dir) setExpanded((old) => toggled(old, next));
  };
  if (root?.error) return <Problem error={root.error} title="The artifacts could not be listed." onRetry={() => void root.refetch()} />;
  const top = folders.get("");
  if (!top) return <Skeleton lines={5} label="Loading the artifacts" />;
  if (top.entries.length === 0) return <NoArtifacts source={source} />;
  const entry = entryAt(folders, chosen);
  return (
    <div className={styles.browser}>
      <div className={styles.tree}>
        <Tree
          label="Artifacts"
          nodes={top.entries.map((each) => nodeOf(each, folders))}
          expanded={new Set(expanded)}
          onExpand={setExpanded}
          selected={chosen || undefined}
          onAction={choose}
        />
        {[...folders.values()].some((folder) => folder.cut) ? <Notice>Only the first 10,000 entries of a folder are shown.</Notice> : null}
      </div>
      <ArtifactViewer key={chosen} source={source} path={chosen} entry={entry} folder={folders.get(chosen)} onChoose={choose} />
    </div>
  );
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function NoArtifacts({ source }: { source: ArtifactSource }) {
  return (
    <Empty title="No artifacts" icon={<PackageOpen aria-hidden="true" />} level={3}>
      {source.kind === "run" ? "Nothing was logged with this run. In a run, mlflow.log_artifact(\"file\") or log_model puts files here." : "It has no files."}
    </Empty>
  );
}
