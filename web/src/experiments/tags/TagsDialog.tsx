import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { Button, Dialog, IconButton, notify, Problem, TextField } from "../../ui";
import type { Pair } from "../types";
import { changesOf, lineError, linesOf, type TagLine } from "./changes";
import styles from "./Tags.module.css";
import { saveTags, type TagTarget } from "./target";

export interface TagsDialogProps {
  tags: readonly Pair[];
  target: TagTarget;
  name: string;
  onSaved: () => void;
  onClose: () => void;
}

/** Changes tags; nothing happens before Save. */
export function TagsDialog({ tags, target, name, onSaved, onClose }: TagsDialogProps) {
  const [lines, setLines] = useState<TagLine[]>(() => [...linesOf(tags), { id: tags.length, key: "", value: "" }]);
  const [next, setNext] = useState(tags.length + 1);
  const changes = changesOf(tags, lines);
  const wrong = lines.some((line) => lineError(line, lines) !== undefined);
  const save = useMutation({
    mutationFn: () => saveTags(target, changes),
    onSuccess: () => {
      notify("Tags saved.");
      onSaved();
      onClose();
    },
  });
  const set = (id: number, change: Partial<TagLine>) => setLines(lines.map((line) => (line.id === id ? { ...line, ...change } : line)));
  const add = () => {
    setLines([...lines, { id: next, key: "", value: "" }]);
    setNext(next + 1);
  };
  const nothing = changes.set.length === 0 && changes.remove.length === 0;
  return (
    <Dialog
      isOpen
      onOpenChange={(open) => !open && onClose()}
      title="Tags"
      about={name}
      isDismissable={nothing}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="tags" isPending={save.isPending} isDisabled={nothing || wrong}>
            Save
          </Button>
        </>
      }
    >
      <form
        noValidate
        id="tags"
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!nothing && !wrong) save.mutate();
        }}
      >
        {lines.map((line) => (
          <TagFields key={line.id} line={line} error={lineError(line, lines)} onChange={set} onRemove={() => setLines(lines.filter((l) => l !== line))} />
        ))}
        <div className="row">
          <Button size="s" icon={<Plus aria-hidden="true" />} onPress={add}>
            Add a tag
          </Button>
        </div>
        {save.error ? <Problem error={save.error} title="The tags could not be saved." /> : null}
      </form>
    </Dialog>
  );
}

interface TagFieldsProps {
  line: TagLine;
  error: string | undefined;
  onChange: (id: number, change: Partial<TagLine>) => void;
  onRemove: () => void;
}

function TagFields({ line, error, onChange, onRemove }: TagFieldsProps) {
  return (
    <div className={styles.line}>
      <TextField label="Key" value={line.key} onChange={(key) => onChange(line.id, { key })} error={error} autoComplete="off" />
      <TextField label="Value" value={line.value} onChange={(value) => onChange(line.id, { value })} autoComplete="off" />
      <IconButton label={`Remove tag ${line.key}`} onPress={onRemove}>
        <Trash2 aria-hidden="true" />
      </IconButton>
    </div>
  );
}
