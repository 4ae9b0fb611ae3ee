import { useState } from "react";
import { Button, Dialog, notify, Problem, TextField } from "../ui";
import { below, parentOf } from "./crumbs";
import { useMove, type TreeItem } from "./items";
import { useFirstField } from "./useFirstField";

/** Gives something another name in its folder; its address by id stays. */
export function RenameDialog({ item, close, done }: { item: TreeItem; close: () => void; done?: (path: string) => void }) {
  const field = useFirstField();
  const [name, setName] = useState(item.name);
  const path = item.path ?? "";
  const move = useMove(() => {
    notify(`${item.name} is called ${name.trim()} now.`);
    close();
    done?.(below(parentOf(path), name.trim()));
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
        <TextField label="Name" inputRef={field} value={name} onChange={setName} isRequired />
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
