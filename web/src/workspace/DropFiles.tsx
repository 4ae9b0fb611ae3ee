import type { ReactNode } from "react";
import { DropZone } from "react-aria-components/DropZone";
import type { DropItem } from "react-aria-components";
import styles from "./Workspace.module.css";

interface DropFilesProps {
  onFiles: (files: File[]) => void;
  isDisabled: boolean;
  children: ReactNode;
}

/** A place where files can be dropped. Whoever cannot drag has the Import button. */
export function DropFiles({ onFiles, isDisabled, children }: DropFilesProps) {
  if (isDisabled) return <div className="stack">{children}</div>;
  return (
    <DropZone
      aria-label="Drop files here to import them"
      className={styles.drop ?? ""}
      getDropOperation={() => "copy"}
      onDrop={(event) => {
        void filesOf(event.items).then((files) => {
          if (files.length > 0) onFiles(files);
        });
      }}
    >
      {children}
    </DropZone>
  );
}

const filesOf = async (items: DropItem[]): Promise<File[]> =>
  Promise.all(items.flatMap((item) => (item.kind === "file" ? [item.getFile()] : [])));
