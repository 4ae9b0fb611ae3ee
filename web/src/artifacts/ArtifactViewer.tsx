import { Download, FileQuestion, MousePointerClick } from "lucide-react";
import { Badge, Copy, Empty, sizeText } from "../ui";
import styles from "./Artifacts.module.css";
import { kindText, showingOf } from "./kinds";
import { nameOf, saveAddress, viewAddress, type ArtifactEntry, type ArtifactSource } from "./source";
import { TextArtifact } from "./TextArtifact";
import type { Folder } from "./useArtifacts";

export interface ArtifactViewerProps {
  source: ArtifactSource;
  /** "" while nothing is chosen. */
  path: string;
  entry: ArtifactEntry | undefined;
  /** What is in it, when it is an open folder. */
  folder?: Folder | undefined;
  onChoose: (path: string) => void;
}

/** One artifact: its name, size and content, as far as a browser can show it safely. */
export function ArtifactViewer({ source, path, entry, folder, onChoose }: ArtifactViewerProps) {
  if (path === "") {
    return (
      <Empty title="Choose a file" icon={<MousePointerClick aria-hidden="true" />} level={3}>
        Texts, pictures, tables, JSON, PDF and HTML are shown here; everything can be downloaded.
      </Empty>
    );
  }
  return (
    <section className={styles.viewer} aria-label={`Artifact ${path}`}>
      <div className={styles.head}>
        <div className="row">
          <h3>{nameOf(path)}</h3>
          {entry?.is_dir ? <Badge>Folder</Badge> : <Badge>{kindText(path)}</Badge>}
          {entry?.file_size === undefined ? null : <span className="faint small">{sizeText(entry.file_size)}</span>}
        </div>
        <div className="row">
          <Copy text={path} what="path" />
          {entry?.is_dir ? null : <SaveLink source={source} path={path} />}
        </div>
      </div>
      {entry?.is_dir ? <FolderList folder={folder} onChoose={onChoose} /> : <Content source={source} path={path} size={entry?.file_size} />}
    </section>
  );
}

function SaveLink({ source, path }: { source: ArtifactSource; path: string }) {
  return (
    <a className={styles.save} href={saveAddress(source, path)} download={nameOf(path)}>
      <Download size={14} aria-hidden="true" />
      Download
      <span className="visually-hidden"> {nameOf(path)}</span>
    </a>
  );
}

function FolderList({ folder, onChoose }: { folder: Folder | undefined; onChoose: (path: string) => void }) {
  if (!folder) return <p className="muted">Closed. Open it in the tree to see what is in it.</p>;
  if (folder.entries.length === 0) return <p className="muted">Nothing is in this folder.</p>;
  return (
    <ul className={styles.list}>
      {folder.entries.slice(0, 500).map((entry) => (
        <li key={entry.path}>
          <button type="button" onClick={() => onChoose(entry.path)}>
            <span>
              {nameOf(entry.path)}
              {entry.is_dir ? "/" : ""}
            </span>
            {entry.file_size === undefined ? null : <span className={styles.size}>{sizeText(entry.file_size)}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface ContentProps {
  source: ArtifactSource;
  path: string;
  size: number | undefined;
}

function Content({ source, path, size }: ContentProps) {
  const showing = showingOf(path);
  const address = viewAddress(source, path);
  switch (showing) {
    case "image":
    case "svg":
      return (
        <div className={styles.pictureBox}>
          <img className={styles.picture} src={address} alt={`Artifact ${path}`} />
        </div>
      );
    case "pdf":
      return <iframe className={styles.frame} src={address} title={`PDF ${path}`} />;
    case "html":
      // Sandboxed without any permission: no scripts, no forms, no links out, an origin of its own.
      return <iframe className={styles.frame} src={address} sandbox="" title={`HTML page ${path}, shown without scripts`} />;
    case "none":
      return (
        <Empty title="Not shown here" icon={<FileQuestion aria-hidden="true" />} level={3}>
          A browser cannot show files of this kind{size === undefined ? "" : ` (${sizeText(size)})`}. Download it instead.
        </Empty>
      );
    default:
      return <TextArtifact source={source} path={path} showing={showing} />;
  }
}
