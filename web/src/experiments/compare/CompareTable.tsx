import { Link, classes, durationText, Time, useOverflow } from "../../ui";
import { StatusBadge } from "../run/StatusBadge";
import type { Run } from "../types";
import type { CompareRow } from "./rows";
import styles from "./Compare.module.css";

export interface CompareTableProps {
  runs: readonly Run[];
  groups: readonly { title: string; rows: readonly CompareRow[] }[];
  onlyDifferences: boolean;
}

const nameOf = (run: Run) => run.info.run_name ?? run.info.run_id;

/** Runs in columns; what differs is marked by a word, too. */
export function CompareTable({ runs, groups, onlyDifferences }: CompareTableProps) {
  const [scroll, overflows] = useOverflow();
  return (
    <div ref={scroll} className={styles.scroll} {...(overflows ? { role: "region", "aria-label": "Runs beside each other, scrolls sideways", tabIndex: 0 } : {})}>
      <table className={styles.table} aria-label="Runs beside each other">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {runs.map((run) => (
              <th key={run.info.run_id} scope="col">
                <Link to={`/experiments/${run.info.experiment_id}/runs/${run.info.run_id}`}>{nameOf(run)}</Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Facts runs={runs} />
        </tbody>
        {groups.map(({ title, rows }) => (
          <Group key={title} title={title} rows={rows.filter((row) => row.differs || !onlyDifferences)} total={rows.length} runs={runs} />
        ))}
      </table>
    </div>
  );
}

function Facts({ runs }: { runs: readonly Run[] }) {
  const facts: [string, (run: Run) => React.ReactNode][] = [
    ["Status", ({ info }) => <StatusBadge status={info.status} />],
    ["Started", ({ info }) => <Time at={info.start_time} />],
    ["Duration", ({ info }) => (info.start_time && info.end_time ? durationText(info.end_time - info.start_time) : "")],
    ["User", ({ info }) => info.user_id],
  ];
  return facts.map(([title, cell]) => (
    <tr key={title}>
      <th scope="row">{title}</th>
      {runs.map((run) => (
        <td key={run.info.run_id}>{cell(run)}</td>
      ))}
    </tr>
  ));
}

interface GroupProps {
  title: string;
  rows: readonly CompareRow[];
  total: number;
  runs: readonly Run[];
}

function Group({ title, rows, total, runs }: GroupProps) {
  return (
    <tbody>
      <tr className={styles.group}>
        <th scope="rowgroup" colSpan={runs.length + 1}>
          {title} <span className="faint">{emptyText(rows.length, total)}</span>
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.key}>
          <th scope="row" className="break">
            {row.key}
            {row.differs ? <span className="visually-hidden"> (differs)</span> : null}
          </th>
          {row.values.map((value, i) => (
            <td key={runs[i]?.info.run_id ?? i} className={classes("mono", row.differs && styles.differs)} title={value}>
              {value === undefined ? <span className="faint">–</span> : value.length > 120 ? `${value.slice(0, 120)}…` : value}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function emptyText(shown: number, total: number): string {
  if (total === 0) return "none";
  return shown === 0 ? "all the same" : "";
}
