import { useState } from "react";
import { Button, Dialog, notify, Problem, TextField } from "../ui";
import { below, parentOf } from "./crumbs";
import { useMove, type TreeItem } from "./items";

/** Gives something another name in its folder; its address by id stays. */
export function RenameDialog({ item, close }: { item: TreeItem; close: () => void }) {
  const [name, setName] = useState(item.name);
  const path = item.path ?? "";
  const move = useMove(() => {
    notify(`${item.name} is called ${name.trim()} now.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Rename" about={path} size="narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          move.mutate({ path, destination: below(parentOf(path), name.trim()) });
        }}
      >
        <TextField label="Name" value={name} onChange={setName} isRequired />
        {move.error ? <Problem error={move.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={move.isPending} isDisabled={name.trim() === "" || name.trim() === item.name}>
            Rename
          </Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
