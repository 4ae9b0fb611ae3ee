import { useId, useState } from "react";
import { FileUp } from "lucide-react";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { Badge, Button, Checkbox, Dialog, notify, plural, sizeText, Table, type Column } from "../ui";
import { importFile, planOf, treeRenews } from "./items";
import styles from "./Workspace.module.css";

type State = { is: "waiting" | "sending" | "done" } | { is: "failed"; why: string };

interface ImportDialogProps {
  folder: string;
  /** Those that were dropped. */
  files: readonly File[];
  close: () => void;
}

/** Imports files into a folder: notebooks by their extension, everything else as it is. Each says how it went. */
export function ImportDialog({ folder, files: dropped, close }: ImportDialogProps) {
  const client = useQueryClient();
  const picker = useId();
  const [files, setFiles] = useState<readonly File[]>(dropped);
  const [states, setStates] = useState<Readonly<Record<string, State>>>({});
  const [overwrite, setOverwrite] = useState(false);
  const [busy, setBusy] = useState(false);
  const set = (file: File, state: State) => {
    setStates((old) => ({ ...old, [file.name]: state }));
  };
  const run = async () => {
    setBusy(true);
    let sent = 0;
    for (const file of files) {
      if (states[file.name]?.is === "done") continue;
      set(file, { is: "sending" });
      try {
        await importFile(folder, file, overwrite);
        set(file, { is: "done" });
        sent += 1;
      } catch (error) {
        set(file, { is: "failed", why: error instanceof Error ? error.message : "It failed." });
      }
    }
    setBusy(false);
    await Promise.all(treeRenews.map((path) => client.invalidateQueries({ queryKey: [path] })));
    if (sent > 0) notify(`${plural(sent, "file")} imported into ${folder}.`);
  };
  const plans = useQueries({
    queries: files.map((file) => ({ queryKey: ["import plan", file.name, file.size, file.lastModified], queryFn: () => planOf(file), staleTime: Infinity })),
  });
  const becomes = new Map(files.map((file, at) => [file.name, wordsOf(plans[at]?.data?.format)]));
  const all = files.length > 0 && files.every((file) => states[file.name]?.is === "done");
  return (
    <Dialog
      isOpen
      onOpenChange={close}
      title="Import"
      about={`Into ${folder}`}
      footer={
        <>
          <Button onPress={close}>{all ? "Close" : "Cancel"}</Button>
          <Button variant="primary" isDisabled={files.length === 0 || all} isPending={busy} onPress={() => void run()}>
            Import
          </Button>
        </>
      }
    >
      <div className="stack">
        <div>
          <label className={styles.pick} htmlFor={picker}>
            <FileUp aria-hidden="true" size={16} /> Choose files
          </label>
          <input
            id={picker}
            type="file"
            multiple
            className={styles.file}
            onChange={(event) => {
              const more = [...(event.target.files ?? [])];
              // The same name again is the file as it is now.
              setFiles([...files.filter((file) => more.every((m) => m.name !== file.name)), ...more]);
              setStates((old) => Object.fromEntries(Object.entries(old).filter(([name]) => more.every((m) => m.name !== name))));
              event.target.value = "";
            }}
          />
        </div>
        <p className="muted small">
          Databricks sources (.py, .sql, .scala, .r) and Jupyter notebooks (.ipynb) become notebooks, results included; everything else is kept as a file.
        </p>
        {files.length > 0 ? <Table label="Files" columns={columnsFor(states, becomes)} rows={files} rowKey={(file) => file.name} /> : null}
        <Checkbox isSelected={overwrite} onChange={setOverwrite}>
          Replace what has the same name
        </Checkbox>
      </div>
    </Dialog>
  );
}

const words: Record<string, string> = { AUTO: "file", DBC: "archive" };

const wordsOf = (format: string | undefined) => (format === undefined ? "" : (words[format] ?? "notebook"));

const columnsFor = (states: Readonly<Record<string, State>>, becomes: ReadonlyMap<string, string>): Column<File>[] => [
  {
    key: "name", title: "File",
    cell: (file) => (
      <>
        <span className="break">{file.name}</span>
        <Reason state={states[file.name]} />
      </>
    ),
  },
  { key: "as", title: "Becomes", cell: (file) => becomes.get(file.name) ?? "" },
  { key: "size", title: "Size", align: "end", cell: (file) => sizeText(file.size), hideNarrow: true },
  { key: "state", title: "State", cell: (file) => <Shown state={states[file.name]} /> },
];

/** Why a file was refused, below its name, where there is room for it. */
function Reason({ state }: { state: State | undefined }) {
  return state?.is === "failed" ? <span role="alert" className={styles.reason}>{state.why}</span> : null;
}

function Shown({ state }: { state: State | undefined }) {
  const is = state?.is ?? "waiting";
  return <Badge tone={is === "done" ? "good" : is === "failed" ? "bad" : "plain"}>{is}</Badge>;
}
