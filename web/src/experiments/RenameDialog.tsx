import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { Button, Dialog, notify, TextField } from "../ui";

export interface RenameDialogProps {
  /** "Rename experiment". */
  title: string;
  name: string;
  hint: string;
  rename: (name: string) => Promise<unknown>;
  onClose: () => void;
  onRenamed: () => void;
}

/** Asks for another name. */
export function RenameDialog({ title, name, hint, rename: act, onClose, onRenamed }: RenameDialogProps) {
  const [text, setText] = useState(name);
  const rename = useMutation({
    mutationFn: () => act(text.trim()),
    onSuccess: () => {
      notify("Renamed.");
      onRenamed();
      onClose();
    },
  });
  const same = text.trim() === "" || text.trim() === name;
  return (
    <Dialog
      isOpen
      onOpenChange={(open) => !open && onClose()}
      title={title}
      about={name}
      size="narrow"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="rename" isDisabled={same} isPending={rename.isPending}>
            Rename
          </Button>
        </>
      }
    >
      <form
        noValidate
        id="rename"
        onSubmit={(event) => {
          event.preventDefault();
          if (!same) rename.mutate();
        }}
      >
        <TextField
          label="Name"
          value={text}
          onChange={setText}
          error={rename.error?.message}
          hint={hint}
          autoComplete="off"
        />
      </form>
    </Dialog>
  );
}
