import { useState } from "react";
import { Plus, X } from "lucide-react";
import { Allowed, Button, IconButton, notify, Problem, Select, Table, TextField, type Column } from "../ui";
import { setRequiredChecks, useModelChange } from "./changes";
import styles from "./Models.module.css";
import { StageBadge } from "./StageBadge";
import { stages, type Model, type RequiredCheck, type Stage } from "./types";

const stageOptions = stages.filter((s) => s !== "None").map((stage) => ({ value: stage, text: stage }));
const same = (a: RequiredCheck, b: RequiredCheck) => a.stage === b.stage && a.name === b.name;

/** The checks that a model requires, changed as a whole: nothing is saved before Save. */
export function RequiredChecks({ model, list }: { model: Model; list: RequiredCheck[] }) {
  const [rows, setRows] = useState(list);
  const [name, setName] = useState("");
  const [stage, setStage] = useState<Stage>("Production");
  const change = useModelChange(model.name, (next: RequiredCheck[]) => setRequiredChecks(model.name, next), () => notify("Saved the required checks."));
  const changed = rows.length !== list.length || rows.some((row) => !list.some((old) => same(old, row)));
  const added: RequiredCheck = { stage, name: name.trim() };
  const add = () => {
    if (added.name !== "" && !rows.some((row) => same(row, added))) setRows([...rows, added]);
    setName("");
  };
  return (
    <div className="stack">
      <Table
        label="Required checks"
        columns={columnsOf(model, (row) => setRows(rows.filter((r) => !same(r, row))))}
        rows={rows}
        rowKey={(r) => `${r.stage} ${r.name}`}
        empty="None. Any version may come into any stage."
      />
      {model.abilities.includes("set-model-governance") ? (
        <form
          className={styles.editRow}
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <TextField label="Name of the check" value={name} onChange={setName} placeholder="bias-test" />
          <Select label="Before the stage" options={stageOptions} value={stage} onChange={(value) => setStage(value as Stage)} />
          <Button type="submit" icon={<Plus aria-hidden="true" />} isDisabled={added.name === ""}>
            Add
          </Button>
        </form>
      ) : null}
      {change.error ? <Problem error={change.error} object={model.object} title="The required checks were not saved." /> : null}
      <div className="row">
        <Allowed ability="set-model-governance" on={model}>
          <Button variant="primary" isPending={change.isPending} isDisabled={!changed} onPress={() => change.mutate(rows)}>
            Save required checks
          </Button>
        </Allowed>
        {changed ? <Button onPress={() => setRows(list)}>Undo</Button> : null}
        {changed ? <span className="faint small">Not saved yet.</span> : null}
      </div>
    </div>
  );
}

const columnsOf = (model: Model, remove: (row: RequiredCheck) => void): Column<RequiredCheck>[] => [
  { key: "name", title: "Check", cell: (r) => <span className="break">{r.name}</span> },
  { key: "stage", title: "Before the stage", cell: (r) => <StageBadge stage={r.stage} /> },
  {
    key: "remove",
    title: "Remove",
    hideTitle: true,
    align: "end",
    cell: (r) => (
      <Allowed ability="set-model-governance" on={model}>
        <IconButton label={`Remove ${r.name} for ${r.stage}`} size="s" onPress={() => remove(r)}>
          <X aria-hidden="true" />
        </IconButton>
      </Allowed>
    ),
  },
];
