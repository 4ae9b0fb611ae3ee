import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { Allowed, Button, Dialog, Markdown, notify, Problem, TextArea, type AllowedOn } from "../../ui";
import { saveTags, tagAbility, type TagTarget } from "./target";

export interface DescriptionProps {
  text: string | undefined;
  target: TagTarget;
  name: string;
  on: AllowedOn | undefined;
  onSaved: () => void;
}

/** The tag that MLflow keeps a description in. */
export const noteKey = "mlflow.note.content";

/** A description in Markdown, and a button to change it. */
export function Description({ text = "", target, name, on, onSaved }: DescriptionProps) {
  const [open, setOpen] = useState(false);
  return (
    <div className="stack" style={{ "--gap": "8px" } as React.CSSProperties}>
      {text === "" ? <p className="muted">No description.</p> : <Markdown text={text} />}
      <div className="row">
        <Allowed ability={tagAbility[target.kind]} on={on}>
          <Button size="s" variant="quiet" icon={<Pencil aria-hidden="true" />} onPress={() => setOpen(true)}>
            {text === "" ? "Add a description" : "Edit the description"}
          </Button>
        </Allowed>
      </div>
      {open ? <DescriptionDialog text={text} target={target} name={name} onSaved={onSaved} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

interface DescriptionDialogProps {
  text: string;
  target: TagTarget;
  name: string;
  onSaved: () => void;
  onClose: () => void;
}

function DescriptionDialog({ text, target, name, onSaved, onClose }: DescriptionDialogProps) {
  const [draft, setDraft] = useState(text);
  const save = useMutation({
    mutationFn: () => saveTags(target, { set: [{ key: noteKey, value: draft }], remove: [] }),
    onSuccess: () => {
      notify("Description saved.");
      onSaved();
      onClose();
    },
  });
  const footer = (
    <>
      <Button onPress={onClose}>Cancel</Button>
      <Button variant="primary" isPending={save.isPending} isDisabled={draft === text} onPress={() => save.mutate()}>
        Save
      </Button>
    </>
  );
  return (
    <Dialog isOpen onOpenChange={(open) => !open && onClose()} title="Description" about={name} footer={footer} isDismissable={draft === text} size="wide">
      <div className="stack">
        <TextArea label="Text in Markdown" value={draft} onChange={setDraft} rows={12} mono />
        {draft === "" ? null : <Markdown text={draft} />}
        {save.error ? <Problem error={save.error} title="The description could not be saved." /> : null}
      </div>
    </Dialog>
  );
}
