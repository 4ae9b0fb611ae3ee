import { useState } from "react";
import { Button, Dialog, notify, Problem, TextField } from "../ui";
import { below } from "./crumbs";
import { useCreateFolder } from "./items";
import { useFirstField } from "./useFirstField";

/** Makes a folder in a folder; missing ones between are made too, as the Workspace API does. */
export function CreateFolderDialog({ folder, close }: { folder: string; close: () => void }) {
  const [name, setName] = useState("");
  const field = useFirstField();
  const create = useCreateFolder(() => {
    notify(`The folder ${name.trim()} was created.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Create folder" about={`In ${folder}`} size="narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(below(folder, name.trim()));
        }}
      >
        <TextField label="Name" inputRef={field} value={name} onChange={setName} isRequired />
        {create.error ? <Problem error={create.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={create.isPending} isDisabled={name.trim() === ""}>Create</Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
