import { useState } from "react";
import { Button, Dialog, notify, Problem, TextField } from "../ui";
import { below, parentOf } from "./crumbs";
import { FolderPicker } from "./FolderPicker";
import { useClone, type TreeItem } from "./items";
import { useFirstField } from "./useFirstField";

/** Copies something to a folder of the viewer's choice. */
export function CloneDialog({ item, close }: { item: TreeItem; close: () => void }) {
  const field = useFirstField();
  const [folder, setFolder] = useState(parentOf(item.path ?? "/"));
  const [name, setName] = useState(`${item.name} (copy)`);
  const clone = useClone(() => {
    notify(`A copy of ${item.name} is in ${folder}.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Clone" about={item.path}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          clone.mutate({ path: item.path ?? "", destination: below(folder, name.trim()) });
        }}
      >
        <TextField label="Name of the copy" inputRef={field} value={name} onChange={setName} isRequired />
        <FolderPicker label="Folder of the copy" value={folder} onChange={setFolder} />
        <p className="muted">The copy is yours, and takes the permissions of its folder; entries of the original do not come along.</p>
        {clone.error ? <Problem error={clone.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={clone.isPending} isDisabled={name.trim() === ""}>
            Clone
          </Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
