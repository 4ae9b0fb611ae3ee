import { useState } from "react";
import { ChevronRight } from "lucide-react";
import { Button, countText } from "../ui";
import styles from "./Artifacts.module.css";
import { mlflowTable, type TableData } from "./table";
import { DataGrid } from "./DataGrid";

/** How many members of one list or object are shown at once. */
const step = 100;

/** JSON whose lists and objects open and close. What MLflow's log_table writes can be seen as a table. */
export function JsonTree({ value, label }: { value: unknown; label: string }) {
  const table = mlflowTable(value);
  const [asTable, setAsTable] = useState(true);
  if (table && asTable) return <TableOfJson data={table} label={label} onTree={() => setAsTable(false)} />;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a block that scrolls must be reachable by keyboard
    <div className={styles.json} role="region" aria-label={`JSON of ${label}`} tabIndex={0}>
      <ul>
        <Member name={undefined} value={value} depth={0} />
      </ul>
    </div>
  );
}

function TableOfJson({ data, label, onTree }: { data: TableData; label: string; onTree: () => void }) {
  return (
    <div className="stack">
      <DataGrid data={data} label={label} />
      <div className="row">
        <Button size="s" onPress={onTree}>
          Show as a tree
        </Button>
      </div>
    </div>
  );
}

interface MemberProps {
  name: string | undefined;
  value: unknown;
  depth: number;
}

function Member({ name, value, depth }: MemberProps) {
  const label = name === undefined ? null : <span className={styles.key}>{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <li>
        <span className={styles.leaf}>
          {label}
          <span className={typeof value === "string" ? styles.string : styles.literal}>{JSON.stringify(value)}</span>
        </span>
      </li>
    );
  }
  return <Branch label={label} value={value} depth={depth} />;
}

function Branch({ label, value, depth }: { label: React.ReactNode; value: object; depth: number }) {
  const members: [string, unknown][] = Object.entries(value);
  const [open, setOpen] = useState(depth < 2 && members.length <= step);
  const [shown, setShown] = useState(step);
  const isList = Array.isArray(value);
  const count = isList ? `[${countText(members.length)}]` : `{${countText(members.length)}}`;
  return (
    <li>
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={14} aria-hidden="true" />
        {label}
        <span className="faint">
          {isList ? "list" : "object"} {count}
        </span>
      </button>
      {open && members.length > 0 ? (
        <ul>
          {members.slice(0, shown).map(([name, member]) => (
            <Member key={name} name={name} value={member} depth={depth + 1} />
          ))}
          {members.length > shown ? (
            <li>
              <Button size="s" variant="quiet" onPress={() => setShown(shown + 10 * step)}>
                Show more of {countText(members.length)}
              </Button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  );
}
