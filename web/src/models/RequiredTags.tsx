import { useState } from "react";
import { Plus, X } from "lucide-react";
import { useChange } from "../api/hooks";
import type { ObjectAnswer } from "../api/types";
import { Allowed, Button, IconButton, notify, Problem, Table, TextField, type Column } from "../ui";
import { setRequiredTags } from "./changes";
import styles from "./Models.module.css";
import type { RequiredTag } from "./types";

type Row = Pick<RequiredTag, "key" | "allowed" | "asked_by">;

/** "red, blue" → the values that a tag may have; nothing means any. */
const valuesOf = (text: string) => [...new Set(text.split(/[,|]/).map((v) => v.trim()))].filter((v) => v !== "");

/** The tags that every new registered model must have. */
export function RequiredTags({ root, list }: { root: ObjectAnswer; list: RequiredTag[] }) {
  const [rows, setRows] = useState<Row[]>(list);
  const [key, setKey] = useState("");
  const [values, setValues] = useState("");
  const may = root.abilities.includes("change-permissions");
  const change = useChange((next: Row[]) => setRequiredTags(next.map(bare)), ["/required-tags"], () => notify("Saved the required tags."));
  const changed = JSON.stringify(rows.map(bare)) !== JSON.stringify(list.map(bare));
  const add = () => {
    const allowed = valuesOf(values);
    if (key.trim() !== "") setRows([...rows.filter((r) => r.key !== key.trim()), { key: key.trim(), ...(allowed.length > 0 ? { allowed } : {}) }]);
    setKey("");
    setValues("");
  };
  return (
    <div className="stack">
      <Table
        label="Required tags"
        columns={columnsOf(may, (row) => setRows(rows.filter((r) => r !== row)))}
        rows={rows}
        rowKey={(r) => r.key}
        empty="None."
      />
      {may ? (
        <form
          className={styles.editRow}
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <TextField label="Tag" value={key} onChange={setKey} placeholder="team" />
          <TextField label="Allowed values" value={values} onChange={setValues} placeholder="red, blue; empty for any" />
          <Button type="submit" icon={<Plus aria-hidden="true" />} isDisabled={key.trim() === ""}>
            Add
          </Button>
        </form>
      ) : null}
      {change.error ? <Problem error={change.error} object={root.object} title="The required tags were not saved." /> : null}
      <div className="row">
        <Allowed ability="change-permissions" on={root}>
          <Button isPending={change.isPending} isDisabled={!changed} onPress={() => change.mutate(rows)}>
            Save required tags
          </Button>
        </Allowed>
        {changed ? <Button onPress={() => setRows(list)}>Undo</Button> : null}
      </div>
    </div>
  );
}

const bare = ({ key, allowed }: Row) => ({ key, ...(allowed && allowed.length > 0 ? { allowed } : {}) });

const columnsOf = (may: boolean, remove: (row: Row) => void): Column<Row>[] => [
  { key: "key", title: "Tag", cell: (r) => <code className="break">{r.key}</code> },
  { key: "allowed", title: "Allowed values", cell: (r) => <span className="break">{r.allowed?.join(", ") ?? "any"}</span> },
  { key: "by", title: "Asked by", cell: (r) => r.asked_by ?? <span className="faint">not saved yet</span>, hideNarrow: true },
  ...(may
    ? [
        {
          key: "remove",
          title: "Remove",
          hideTitle: true,
          align: "end" as const,
          cell: (r: Row) => (
            <IconButton label={`Remove ${r.key}`} size="s" onPress={() => remove(r)}>
              <X aria-hidden="true" />
            </IconButton>
          ),
        },
      ]
    : []),
];
