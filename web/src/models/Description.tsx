import { useState, type SubmitEvent } from "react";
import { PenLine } from "lucide-react";
import { Allowed, Button, IconButton, Markdown, notify, Problem, TextArea, type AllowedOn } from "../ui";
import { describe, useModelChange, type Place } from "./changes";
import styles from "./Models.module.css";

export interface DescriptionProps {
  place: Place;
  text: string | undefined;
  on: AllowedOn;
}

/** What people wrote about a model or a version, in Markdown. */
export function Description({ place, text, on }: DescriptionProps) {
  const [edits, setEdits] = useState(false);
  return (
    <section className={styles.panel} aria-label="Description">
      <div className={styles.panelHead}>
        <h2>Description</h2>
        {edits ? null : (
          <Allowed ability="edit-descriptions" on={on}>
            <IconButton label="Edit the description" size="s" onPress={() => setEdits(true)}>
              <PenLine aria-hidden="true" />
            </IconButton>
          </Allowed>
        )}
      </div>
      {edits ? <Editor place={place} text={text ?? ""} close={() => setEdits(false)} /> : <Shown text={text} />}
    </section>
  );
}

function Shown({ text }: { text: string | undefined }) {
  if (!text) return <p className="faint">Nothing is written here yet.</p>;
  return <Markdown text={text} />;
}

/** The most characters that the registry keeps. */
const most = 5000;

function Editor({ place, text, close }: { place: Place; text: string; close: () => void }) {
  const [next, setNext] = useState(text);
  const change = useModelChange(place.name, (to: string) => describe(place, to), () => {
    notify("Saved the description.");
    close();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate(next);
  };
  const left = most - Array.from(next).length; // characters as the server counts them
  return (
    <form className="stack" onSubmit={submit}>
      {/* The field takes the place of the button that was pressed, so the focus goes on to it. */}
      {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
      <TextArea label="Description in Markdown" value={next} onChange={setNext} rows={8} autoFocus {...(left < 0 ? { error: `${-left} characters too many.` } : {})} />
      {change.error ? <Problem error={change.error} title="The description was not saved." /> : null}
      <div className="row">
        <Button size="s" type="submit" variant="primary" isPending={change.isPending} isDisabled={left < 0}>
          Save
        </Button>
        <Button size="s" onPress={close}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
