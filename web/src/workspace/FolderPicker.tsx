import { useState } from "react";
import { Folder } from "lucide-react";
import { Tree } from "../ui";
import styles from "./Workspace.module.css";
import { useFolderTree } from "./useFolderTree";

interface FolderPickerProps {
  label: string;
  value: string;
  onChange: (path: string) => void;
}

/** A tree of folders to choose one from; what is chosen is said below it. */
export function FolderPicker({ label, value, onChange }: FolderPickerProps) {
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set(ancestorsOf(value)));
  const nodes = useFolderTree(expanded, <Folder aria-hidden="true" size={16} />);
  return (
    <div className="stack" style={{ gap: "var(--s1)" }}>
      <span>{label}</span>
      <div className={styles.picker}>
        <Tree label={label} nodes={nodes} expanded={expanded} onExpand={setExpanded} selected={value} onAction={onChange} />
      </div>
      <span className="muted small break">{value}</span>
    </div>
  );
}

/** The folders above a path and itself, the root first. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/").filter(Boolean);
  return ["/", ...parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`)];
}
