import { useState } from "react";
import { Columns3, RotateCw } from "lucide-react";
import { ApiError } from "../../api/client";
import { Button, IconButton, Select, TextField } from "../../ui";
import type { RunsView } from "./query";
import styles from "./Runs.module.css";

export interface FilterBarProps {
  view: RunsView;
  onChange: (change: Partial<RunsView>) => void;
  error: Error | undefined;
  searching: boolean;
  onColumns: () => void;
  onRenew: () => void;
}

const views = [
  { value: "active", text: "Active runs" },
  { value: "deleted", text: "Deleted runs" },
];

/** What is wrong with the filter itself, which is said beside it. */
export const filterError = (error: Error | undefined): string | undefined =>
  error instanceof ApiError && error.status === 400 ? error.message : undefined;

/** The filter text, the view, and the buttons for columns and reading anew. */
export function FilterBar({ view, onChange, error, searching, onColumns, onRenew }: FilterBarProps) {
  const [text, setText] = useState(view.filter);
  const [known, setKnown] = useState(view.filter);
  if (known !== view.filter) {
    // The address changed, e.g. by going back: what stands in the field follows.
    setKnown(view.filter);
    setText(view.filter);
  }
  return (
    <form
      noValidate
      className={styles.bar}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === view.filter.trim()) onRenew();
        else onChange({ filter: text });
      }}
    >
      <div className={styles.filter}>
        <TextField
          label="Filter runs"
          hideLabel
          mono
          value={text}
          onChange={setText}
          placeholder={'metrics.acc > 0.9 and tags.team = "red"'}
          error={filterError(error)}
          autoComplete="off"
          spellCheck="false"
        />
      </div>
      <Button type="submit" isPending={searching}>
        Search
      </Button>
      {view.filter ? (
        <Button variant="quiet" onPress={() => onChange({ filter: "" })}>
          Clear
        </Button>
      ) : null}
      <Select
        label="Which runs"
        hideLabel
        options={views}
        value={view.deleted ? "deleted" : "active"}
        onChange={(value) => onChange({ deleted: value === "deleted" })}
      />
      <Button icon={<Columns3 aria-hidden="true" />} onPress={onColumns}>
        Columns
      </Button>
      <IconButton label="Search again" onPress={onRenew}>
        <RotateCw aria-hidden="true" />
      </IconButton>
    </form>
  );
}
