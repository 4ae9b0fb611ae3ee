import { useState } from "react";
import { Trash2 } from "lucide-react";
import { usePaged } from "../api/hooks";
import { AlertDialog, Button, Dialog, Empty, KindIcon, More, notify, Page as Screen, Problem, Skeleton, Table, TextField, Time, type Column } from "../ui";
import { lastOf } from "./crumbs";
import { usePurge, useRestore, type Trashed } from "./items";
import styles from "./Workspace.module.css";

const kinds: Record<string, string> = { DIRECTORY: "directory", NOTEBOOK: "notebook", FILE: "file", MLFLOW_EXPERIMENT: "experiment" };

/** What is in the trash, as far as the viewer may restore or purge it. */
export function TrashView() {
  const list = usePaged<{ items: Trashed[]; next_page_token?: string }, Trashed>("/workspace/trash", {}, (page) => page.items);
  const [restoring, setRestoring] = useState<Trashed>();
  const [purging, setPurging] = useState<Trashed>();
  const purge = usePurge();
  return (
    <Screen
      title="Trash"
      icon={<Trash2 aria-hidden="true" />}
      breadcrumbs={[{ text: "Workspace", to: "/workspace" }]}
      about="What was deleted can be restored for 30 days, with its permissions; after that it is deleted for good."
    >
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton /> : null}
      {list.data && list.items.length === 0 ? (
        <Empty title="The trash is empty" icon={<Trash2 aria-hidden="true" />}>What you delete and may restore appears here.</Empty>
      ) : null}
      {list.items.length > 0 ? (
        <Table
          label="Trash"
          columns={columnsFor(setRestoring, setPurging)}
          rows={list.items}
          rowKey={(item) => String(item.object_id)}
        />
      ) : null}
      <More list={list} what="items" />
      {restoring ? <RestoreDialog item={restoring} close={() => { setRestoring(undefined); }} /> : null}
      {purging ? (
        <AlertDialog
          isOpen
          onOpenChange={() => { setPurging(undefined); }}
          title={`Delete ${lastOf(purging.path)} for good?`}
          action="Delete for good"
          typed={lastOf(purging.path)}
          onConfirm={() => purge.mutateAsync(purging.object_id)}
        >
          It cannot be restored, nor can what lies in it. Registered versions keep their own files.
        </AlertDialog>
      ) : null}
    </Screen>
  );
}

const columnsFor = (restore: (item: Trashed) => void, purge: (item: Trashed) => void): Column<Trashed>[] => [
  {
    key: "path", title: "Was at",
    cell: (item) => (
      <span className={styles.name}>
        <KindIcon kind={kinds[item.object_type] ?? "file"} size={16} />
        <span className="break">{item.path}</span>
      </span>
    ),
  },
  { key: "deleted", title: "Deleted", cell: (item) => <Time at={item.deleted_at} /> },
  { key: "by", title: "By", cell: (item) => <span className="break">{item.deleted_by}</span>, hideNarrow: true },
  { key: "until", title: "Can be restored until", cell: (item) => <Time at={item.restorable_until} />, hideNarrow: true },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (item) => (
      <span className={styles.ends}>
        {item.actions.includes("restore") ? (
          <Button size="s" aria-label={`Restore ${item.path}`} onPress={() => { restore(item); }}>Restore</Button>
        ) : null}
        {item.actions.includes("purge") ? (
          <Button size="s" variant="danger" aria-label={`Delete ${item.path} for good`} onPress={() => { purge(item); }}>Delete for good</Button>
        ) : null}
      </span>
    ),
  },
];

/** Takes something out of the trash: to where it was, or elsewhere when its folder is gone or its name is taken. */
function RestoreDialog({ item, close }: { item: Trashed; close: () => void }) {
  const [path, setPath] = useState(item.path);
  const restore = useRestore(() => {
    notify(`${lastOf(path)} is back.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Restore" about={item.path}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          restore.mutate({ id: item.object_id, ...(path.trim() === item.path ? {} : { destination: path.trim() }) });
        }}
      >
        <TextField label="Path" hint="Its folder must be there." value={path} onChange={setPath} isRequired mono />
        {restore.error ? <Problem error={restore.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={restore.isPending}>Restore</Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
