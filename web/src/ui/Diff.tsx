import { Badge, type Tone } from "./Badge";
import { diffOf, valueText, type Change } from "./changes";
import styles from "./Diff.module.css";
import { Table, type Column } from "./Table";
import { classes } from "./classes";

const tones: Record<Change["what"], Tone> = { added: "good", removed: "bad", changed: "accent" };

const valueOf = (value: unknown, look: string | undefined) =>
  value === undefined || value === null ? <span className="faint">nothing</span> : <pre className={classes(styles.value, look)}>{valueText(value)}</pre>;

const columns: Column<Change>[] = [
  { key: "path", title: "Field", cell: (c) => <code className="break">{c.path === "" ? "the whole" : c.path}</code> },
  { key: "what", title: "Change", cell: (c) => <Badge tone={tones[c.what]}>{c.what}</Badge> },
  { key: "before", title: "Before", cell: (c) => valueOf(c.before, styles.before) },
  { key: "after", title: "After", cell: (c) => valueOf(c.after, styles.after) },
];

/** Before and after of a JSON value as a table of the fields that differ. */
export function Diff({ before, after, label = "Differences" }: { before: unknown; after: unknown; label?: string }) {
  return <Table label={label} columns={columns} rows={diffOf(before, after)} rowKey={(c) => `${c.what} ${c.path}`} empty="No difference." />;
}
