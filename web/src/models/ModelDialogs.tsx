import { useState, type SubmitEvent } from "react";
import { AlertDialog, Button, Dialog, notify, plural, Problem, TextField } from "../ui";
import { deleteModel, renameModel, useModelChange } from "./changes";
import type { ModelRow } from "./types";

export interface RenameModelProps {
  name: string;
  close: () => void;
  done: (name: string) => void;
}

/** Gives a model another name. What loads it by the old one finds nothing any more, so that is said. */
export function RenameModel({ name, close, done }: RenameModelProps) {
  const [next, setNext] = useState(name);
  const change = useModelChange(name, (to: string) => renameModel(name, to), (_, to) => {
    notify(`Renamed to ${to}.`);
    close();
    done(to);
  }, true);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (next !== name && next.trim() !== "") change.mutate(next);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title="Rename the model"
      about={<bdi>{name}</bdi>}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="rename-model" isPending={change.isPending} isDisabled={next === name || next.trim() === ""}>
            Rename
          </Button>
        </>
      }
    >
      <form id="rename-model" className="stack" onSubmit={submit}>
        <p>Programs that load the model by its old name will not find it. Versions, requests, permissions and aliases stay.</p>
        <TextField label="New name" value={next} onChange={setNext} isRequired hint="Anything but / and :" />
        {change.error ? <Problem error={change.error} title="The model was not renamed." /> : null}
      </form>
    </Dialog>
  );
}

export interface DeleteModelProps {
  model: ModelRow;
  close: () => void;
  done: () => void;
}

/** Names up to this long are typed to confirm; nobody types a longer one. */
const typable = 60;

/** Asks before a model is deleted, which nothing brings back. */
export function DeleteModel({ model, close, done }: DeleteModelProps) {
  const change = useModelChange(model.name, () => deleteModel(model.name), () => {
    notify(`Deleted ${model.name}.`);
    done();
  }, true);
  return (
    <AlertDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title="Delete the model?"
      action="Delete model"
      typed={model.name.length <= typable ? model.name : "delete"}
      onConfirm={() => change.mutateAsync(undefined)}
    >
      <p>
        <strong className="break">
          <bdi>{model.name}</bdi>
        </strong>{" "}
        and its {plural(model.versions, "version")} are deleted for good, with their requests, checks and comments. Runs and logged models stay. The
        audit trail keeps what was done.
      </p>
    </AlertDialog>
  );
}
