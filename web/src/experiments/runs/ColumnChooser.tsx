import { useState } from "react";
import { Button, Drawer, SearchField, countText } from "../../ui";
import { findColumns, groupTitles, type ColumnGroup, type RunColumn } from "./columns";
import styles from "./Runs.module.css";
import type { ColumnChoice } from "./useColumns";

/** The most columns of a group that are listed at once; the search finds the others. */
const most = 200;

export interface ColumnChooserProps {
  choice: ColumnChoice;
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Chooses the columns of the runs table; each change shows at once. */
export function ColumnChooser({ choice, isOpen, onOpenChange }: ColumnChooserProps) {
  const [text, setText] = useState("");
  const found = findColumns(choice.all, text);
  const change = (columns: readonly RunColumn[], on: boolean) => {
    const next = new Set(choice.chosen);
    for (const column of columns) {
      if (on) next.add(column.key);
      else next.delete(column.key);
    }
    choice.choose(next);
  };
  const footer = (
    <Button isDisabled={choice.reset === undefined} onPress={() => choice.reset?.()}>
      Back to the usual columns
    </Button>
  );
  return (
    <Drawer isOpen={isOpen} onOpenChange={onOpenChange} title="Columns" about="Kept in this browser for this experiment." footer={footer}>
      <div className="stack">
        <SearchField label="Find a column" placeholder="Find a metric, param or tag" value={text} onChange={setText} />
        {found.length === 0 ? <p className="muted">No column has this name. Only keys of runs that are loaded are known.</p> : null}
        {found.map(([group, columns]) => (
          <ColumnList key={group} group={group} columns={columns} chosen={choice.chosen} onChange={change} />
        ))}
      </div>
    </Drawer>
  );
}

interface ColumnListProps {
  group: ColumnGroup;
  columns: readonly RunColumn[];
  chosen: ReadonlySet<string>;
  onChange: (columns: readonly RunColumn[], on: boolean) => void;
}

function ColumnList({ group, columns, chosen, onChange }: ColumnListProps) {
  const count = columns.filter((column) => chosen.has(column.key)).length;
  return (
    <fieldset className={styles.choices}>
      <legend className="visually-hidden">{groupTitles[group]}</legend>
      <div className="spread">
        <h3 aria-hidden="true">
          {groupTitles[group]} <span className="faint small">{`${countText(count)} of ${countText(columns.length)}`}</span>
        </h3>
        <div className="row">
          <Button size="s" variant="quiet" aria-label={`Show all ${groupTitles[group].toLowerCase()} found`} onPress={() => onChange(columns, true)}>
            All
          </Button>
          <Button size="s" variant="quiet" aria-label={`Show no ${groupTitles[group].toLowerCase()} found`} onPress={() => onChange(columns, false)}>
            None
          </Button>
        </div>
      </div>
      {columns.slice(0, most).map((column) => (
        <label key={column.key} className={styles.choice}>
          <input type="checkbox" checked={chosen.has(column.key)} onChange={(event) => onChange([column], event.target.checked)} />
          <span className="break">{column.title}</span>
        </label>
      ))}
      {columns.length > most ? <p className="faint small">{countText(columns.length - most)} more: search for them.</p> : null}
    </fieldset>
  );
}
