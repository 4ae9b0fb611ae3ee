import { useState } from "react";
import { DatabaseBackup } from "lucide-react";
import { del, download, post } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import { AlertDialog, Allowed, Badge, Button, Code, countText, Empty, Notice, notify, Problem, Section, sizeText, Skeleton, Table, Time, type Column } from "../ui";
import styles from "./Settings.module.css";
import { useWorkspace } from "./workspace";

interface Backup {
  name: string;
  state: "running" | "done" | "failed";
  size: number;
  started_at: number;
  ended_at?: number;
  error?: string;
  verified: boolean;
  files?: number;
  ledger_entries?: number;
}

interface BackupList {
  backups: Backup[];
  possible: boolean;
  instead?: string;
  /** Where they are kept on the server. */
  folder: string;
}

/** The name that the download has. */
const fileName = (name: string) => `bailiwick-${name}.tar`;

/** The command takes a data folder that is empty or absent, and checks what it has restored. */
const restoreLine = (name: string) => `bailiwick restore --from ${fileName(name)} --data ./restored`;

/** Backups of the running server: make, look, take away. */
export function Backups() {
  const workspace = useWorkspace();
  const list = useGet<BackupList>("/backups", undefined, { every: 5000 });
  const [removing, setRemoving] = useState<Backup>();
  const start = useChange(() => post<Backup>("/backups"), ["/backups"], () => {
    notify("The backup has begun. The server goes on working.");
  });
  const remove = useChange((b: Backup) => del(`/backups/${b.name}`), ["/backups"]);
  if (list.error) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={6} />;
  const { backups, possible, instead, folder } = list.data;
  const newest = backups.find((b) => b.state === "done");
  return (
    <Section
      title="Backups"
      about="Database, artifacts and ledger in one file, checked by reading it again."
      actions={
        <Allowed ability="operate-server" on={workspace}>
          <Button
            variant="primary"
            icon={<DatabaseBackup aria-hidden="true" />}
            isDisabled={!possible || backups.some((b) => b.state === "running")}
            isPending={start.isPending}
            onPress={() => {
              start.mutate(undefined);
            }}
          >
            Back up now
          </Button>
        </Allowed>
      }
    >
      {possible ? null : <Notice tone="warn">{instead}</Notice>}
      <ul className={styles.notes}>
        <li>
          Kept on the server in <code className="break">{folder}</code>. A backup on the disk that it is a backup of is none: download it, or let the
          setting <code>backups</code> name a folder on another disk.
        </li>
        <li>The ledger’s signing key is never in a backup. Keep it apart; a restored server without it makes a new one.</li>
      </ul>
      {start.error ? <Problem error={start.error} /> : null}
      {backups.length === 0 ? (
        <Empty title="No backup yet" level={3}>Make the first one; it takes as long as reading all artifacts.</Empty>
      ) : (
        <Table label="Backups" columns={columnsFor(setRemoving)} rows={backups} rowKey={(b) => b.name} />
      )}
      {newest ? (
        <>
          <p className="muted">To restore the newest into a folder that is empty or not there yet, where the file is:</p>
          <Code text={restoreLine(newest.name)} what="how to restore" language="bash" />
        </>
      ) : null}
      {removing ? (
        <AlertDialog
          isOpen
          onOpenChange={() => {
            setRemoving(undefined);
          }}
          title={`Delete the backup ${removing.name}?`}
          action="Delete"
          onConfirm={() => remove.mutateAsync(removing)}
        >
          The file is deleted from {folder}. Copies elsewhere stay.
        </AlertDialog>
      ) : null}
    </Section>
  );
}

const columnsFor = (remove: (b: Backup) => void): Column<Backup>[] => [
  { key: "name", title: "Backup", cell: (b) => <span className="mono">{b.name}</span> },
  { key: "state", title: "State", cell: (b) => <State backup={b} /> },
  { key: "size", title: "Size", align: "end", cell: (b) => sizeText(b.size) },
  { key: "files", title: "Artifacts", align: "end", cell: (b) => (b.files === undefined ? "" : countText(b.files)), hideNarrow: true },
  { key: "entries", title: "Ledger entries", align: "end", cell: (b) => (b.ledger_entries === undefined ? "" : countText(b.ledger_entries)), hideNarrow: true },
  { key: "started", title: "Begun", cell: (b) => <Time at={b.started_at} /> },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (b) => (
      <span className={styles.ends}>
        <Button
          size="s"
          isDisabled={b.state !== "done"}
          aria-label={`Download ${b.name}`}
          onPress={() => {
            void download(`/backups/${b.name}`, fileName(b.name)).catch((error: unknown) => {
              notify(error instanceof Error ? error.message : "The download failed.", { tone: "bad" });
            });
          }}
        >
          Download
        </Button>
        <Button
          size="s"
          variant="danger"
          isDisabled={b.state === "running"}
          aria-label={`Delete ${b.name}`}
          onPress={() => {
            remove(b);
          }}
        >
          Delete
        </Button>
      </span>
    ),
  },
];

function State({ backup }: { backup: Backup }) {
  if (backup.state === "running") return <Badge tone="accent">being made</Badge>;
  if (backup.state === "failed") return <Badge tone="bad" title={backup.error ?? ""}>{`failed: ${backup.error ?? ""}`}</Badge>;
  return <Badge tone={backup.verified ? "good" : "warn"}>{backup.verified ? "verified" : "not verified"}</Badge>;
}
