import { useState, type SubmitEvent } from "react";
import { PenLine, Plus, X } from "lucide-react";
import { Allowed, Button, Dialog, IconButton, notify, Problem, TextField, type AllowedOn } from "../ui";
import { changeTags, useModelChange, type Place } from "./changes";
import styles from "./Models.module.css";
import { tagEdits, twice, type TagRow } from "./tagEdits";
import type { Tag } from "./types";

export interface TagsProps {
  place: Place;
  tags: readonly Tag[];
  on: AllowedOn;
}

/** The tags of a model or a version, with a dialog to change them. */
export function Tags({ place, tags, on }: TagsProps) {
  const [edits, setEdits] = useState(false);
  return (
    <section className={styles.panel} aria-label="Tags">
      <div className={styles.panelHead}>
        <h2>Tags</h2>
        <Allowed ability="edit-model-tags" on={on}>
          <IconButton label="Edit tags" size="s" onPress={() => setEdits(true)}>
            <PenLine aria-hidden="true" />
          </IconButton>
        </Allowed>
      </div>
      {tags.length === 0 ? <span className="faint">none</span> : null}
      <div className={styles.chips}>
        {tags.map((tag) => (
          <span key={tag.key} className={styles.tag} title={`${tag.key}: ${tag.value}`}>
            <span>{tag.key}</span>
            <span className={styles.tagValue}>{tag.value === "" ? "(empty)" : tag.value}</span>
          </span>
        ))}
      </div>
      {edits ? <TagDialog place={place} tags={tags} close={() => setEdits(false)} /> : null}
    </section>
  );
}

let nextRow = 0;
const rowOf = (tag: Tag): TagRow => ({ ...tag, id: nextRow++ });

function TagDialog({ place, tags, close }: { place: Place; tags: readonly Tag[]; close: () => void }) {
  const [rows, setRows] = useState<TagRow[]>(() => [...tags.map(rowOf), rowOf({ key: "", value: "" })]);
  const edits = tagEdits(tags, rows);
  const count = edits.set.length + edits.removed.length;
  const doubled = twice(rows);
  const change = useModelChange(place.name, () => changeTags(place, edits.set, edits.removed), () => {
    notify("Saved the tags.");
    close();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (count > 0 && doubled.length === 0) change.mutate(undefined);
  };
  const put = (id: number, part: Partial<Tag>) => setRows((old) => old.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      isDismissable={count === 0}
      title="Edit tags"
      about={place.version === undefined ? place.name : `${place.name}, version ${place.version}`}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="edit-tags" isPending={change.isPending} isDisabled={count === 0 || doubled.length > 0}>
            Save
          </Button>
        </>
      }
    >
      <form id="edit-tags" className="stack" onSubmit={submit}>
        {rows.map((row, i) => (
          <div key={row.id} className={styles.editRow}>
            <TextField label={`Key ${i + 1}`} value={row.key} onChange={(key) => put(row.id, { key })} {...(doubled.includes(row.key.trim()) ? { error: "Given twice." } : {})} />
            <TextField label={`Value ${i + 1}`} value={row.value} onChange={(value) => put(row.id, { value })} />
            <IconButton label={`Remove tag ${row.key || i + 1}`} onPress={() => setRows((old) => old.filter((r) => r.id !== row.id))}>
              <X aria-hidden="true" />
            </IconButton>
          </div>
        ))}
        <div>
          <Button size="s" icon={<Plus aria-hidden="true" />} onPress={() => setRows((old) => [...old, rowOf({ key: "", value: "" })])}>
            Add a tag
          </Button>
        </div>
        {change.error ? <Problem error={change.error} title="Not all tags were saved." /> : null}
      </form>
    </Dialog>
  );
}
