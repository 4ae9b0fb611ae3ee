import { CircleAlert, CircleCheck, CircleDashed, CircleX, type LucideIcon } from "lucide-react";
import { Badge, OutLink, Table, Time, type Column, type Tone } from "../ui";
import styles from "./Models.module.css";
import { isWebAddress } from "./paths";
import type { Check, CheckState } from "./types";

const looks: Record<CheckState, [LucideIcon, Tone, string]> = {
  success: [CircleCheck, "good", "passed"],
  failure: [CircleX, "bad", "failed"],
  error: [CircleAlert, "bad", "could not run"],
  pending: [CircleDashed, "warn", "running"],
};

/** A check's state in a word; one of other bytes says so. */
export function CheckBadge({ check }: { check: Check }) {
  const [Icon, tone, words] = (looks[check.state] as (typeof looks)[CheckState] | undefined) ?? looks.error;
  return (
    <Badge tone={check.current ? tone : "outline"} icon={<Icon aria-hidden="true" />} title={check.state}>
      {check.name}: {words}
      {check.current ? "" : ", of other bytes"}
    </Badge>
  );
}

/** The checks of a version in a line, each with the way to where more is said. */
export function CheckLine({ checks }: { checks: readonly Check[] }) {
  if (checks.length === 0) return <span className="faint">No checks were posted.</span>;
  return (
    <ul className={styles.checks}>
      {checks.map((check) => (
        <li key={check.name} className={styles.check}>
          <CheckBadge check={check} />
          {isWebAddress(check.url) ? <OutLink href={check.url}>details</OutLink> : null}
        </li>
      ))}
    </ul>
  );
}

const columns: Column<Check>[] = [
  { key: "name", title: "Check", cell: (c) => <span className="break">{c.name}</span> },
  { key: "state", title: "State", cell: (c) => <StateBadge state={c.state} /> },
  { key: "bytes", title: "Of these bytes", cell: (c) => (c.current ? "yes" : <Badge tone="warn">no, of others</Badge>) },
  { key: "url", title: "Details", cell: (c) => (isWebAddress(c.url) ? <OutLink href={c.url}>{hostOf(c.url)}</OutLink> : <span className="faint">none</span>) },
  { key: "user", title: "Posted by", cell: (c) => <span className="break">{c.user_id ?? "somebody who was removed"}</span>, hideNarrow: true },
  { key: "at", title: "When", cell: (c) => <Time at={c.timestamp} /> },
];

const hostOf = (url: string) => new URL(url).host;

function StateBadge({ state }: { state: CheckState }) {
  const [Icon, tone, words] = (looks[state] as (typeof looks)[CheckState] | undefined) ?? looks.error;
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" />} title={state}>
      {words}
    </Badge>
  );
}

/** The checks of a version with who posted them and of which bytes they were. */
export function CheckTable({ checks }: { checks: readonly Check[] }) {
  return <Table label="Checks" columns={columns} rows={checks} rowKey={(c) => c.name} empty="No checks were posted." />;
}
