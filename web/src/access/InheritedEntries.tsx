import type { ObjectRef } from "../api/types";
import { LevelBadge, Link, placeOf } from "../ui";
import { ruleWord, type InheritedEntry } from "./acl";
import { Fixed, WhoWords } from "./DirectEntries";
import styles from "./Permissions.module.css";
import { objectTitle } from "./sentences";

export interface InheritedEntriesProps {
  entries: readonly InheritedEntry[];
  /** Something is staged: links then open another tab, so that nothing is lost. */
  apart: boolean;
}

/** What comes from folders above or from being an administrator. It is changed where it was given. */
export function InheritedEntries({ entries, apart }: InheritedEntriesProps) {
  if (entries.length === 0) return <p className={styles.nothing}>Nothing comes from elsewhere.</p>;
  return (
    <ul role="list" className={styles.entries} aria-label="Inherited">
      {entries.map((entry) => (
        <li key={`${entry.key} ${entry.level}`} className={styles.entry}>
          <WhoWords who={entry.who} />
          <Origins entry={entry} apart={apart} />
          <LevelBadge level={entry.level} />
        </li>
      ))}
    </ul>
  );
}

function Origins({ entry, apart }: { entry: InheritedEntry; apart: boolean }) {
  const { reason = "" } = entry;
  if (entry.from.length === 0) return <Fixed reason={reason} />;
  const word = ruleWord(entry.rule);
  return (
    <span className={styles.origin}>
      from{" "}
      {entry.from.map((from, i) => (
        <span key={from.object}>
          {i > 0 ? ", " : ""}
          <ObjectLink object={from} apart={apart} />
        </span>
      ))}
      {word ? ` (${word.toLowerCase()})` : ""}
      {reason ? <span className={styles.why}>{reason}</span> : null}
    </span>
  );
}

/** An object as a link to its page; as plain text where it has none. */
export function ObjectLink({ object, apart = false }: { object: ObjectRef; apart?: boolean }) {
  const place = placeOf(object);
  const title = objectTitle(object);
  if (place === undefined || title === "") return <bdi className="break">{title}</bdi>;
  if (!apart) {
    return (
      <Link to={place} className="break">
        <bdi>{title}</bdi>
      </Link>
    );
  }
  return (
    <a href={`#${place}`} target="_blank" rel="noreferrer" className="break">
      <bdi>{title}</bdi>
      <span className="visually-hidden"> (opens in a new tab)</span>
    </a>
  );
}
