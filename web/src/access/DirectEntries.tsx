import { useRef, useState } from "react";
import { LockKeyhole, Pencil, Plus, Trash2, Undo2 } from "lucide-react";
import { announce, Badge, Button, IconButton, KindIcon, LevelBadge, levelWords, plural, SearchField } from "../ui";
import { ruleWord, shownName, type LevelInfo, type Who } from "./acl";
import { LevelSelect } from "./AddPrincipals";
import styles from "./Permissions.module.css";
import { rowSentence, whoSentence } from "./sentences";
import type { RowState, StagedRow } from "./staging";

export interface DirectEntriesProps {
  rows: readonly StagedRow[];
  levels: readonly LevelInfo[];
  /** The viewer may change them. */
  canChange: boolean;
  onWish: (who: Who, level: string | null) => void;
  onUndo: (key: string) => void;
}

/** From here on a list gets a field to search it, and is shown in parts. */
const long = 20;
const part = 100;

/** What was given on the object itself, each entry to be changed in place. */
export function DirectEntries(props: DirectEntriesProps) {
  const { rows } = props;
  const [text, setText] = useState("");
  const [most, setMost] = useState(part);
  const list = useRef<HTMLUListElement>(null);
  const found = rows.filter((row) => `${row.who.name} ${row.who.display ?? ""}`.toLowerCase().includes(text.toLowerCase()));
  const shown = found.slice(0, most);
  return (
    <div className="stack" style={{ gap: "var(--s2)" }}>
      {rows.length > long ? <SearchField label="Search the entries" placeholder="Search the entries" value={text} onChange={setText} size="s" /> : null}
      {shown.length === 0 ? (
        <p className={styles.nothing}>{rows.length === 0 ? "Nothing was given on the object itself." : "No entry has this name."}</p>
      ) : (
        <ul role="list" ref={list} tabIndex={-1} className={styles.entries} aria-label="Given here">
          {shown.map((row) => (
            <Entry key={row.key} {...props} row={row} leave={() => list.current?.focus()} />
          ))}
        </ul>
      )}
      {found.length > shown.length ? (
        <div>
          <Button size="s" onPress={() => setMost(most + part)}>
            Show {plural(Math.min(part, found.length - shown.length), "more entry", "more entries")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

interface EntryProps extends DirectEntriesProps {
  row: StagedRow;
  /** Takes the focus when the row goes. */
  leave: () => void;
}

function Entry({ row, levels, canChange, onWish, onUndo, leave }: EntryProps) {
  const self = useRef<HTMLLIElement>(null);
  const name = shownName(row.who);
  const undo = () => {
    if (row.state === "added") leave();
    else self.current?.focus();
    onUndo(row.key);
    announce(`${name}: undone.`);
  };
  const change = (level: string) => {
    onWish(row.who, level);
    announce(`${name} is to have ${levelWords(level)}. Not saved yet.`);
  };
  const remove = () => {
    if (row.state === "added") {
      undo();
      return;
    }
    onWish(row.who, null);
    announce(`${name} is to be removed. Not saved yet.`);
  };
  const fixed = row.reason;
  const editable = canChange && fixed === undefined;
  return (
    <li ref={self} tabIndex={-1} className={styles.entry} data-state={row.state}>
      <WhoWords who={row.who} gone={row.state === "removed"} />
      <StateMark row={row} />
      {fixed !== undefined ? <Fixed reason={fixed} /> : null}
      {editable && row.state !== "removed" ? (
        <div className={styles.level}>
          <LevelSelect label={`Level of ${name}`} hideLabel levels={levels} value={row.level} onChange={change} size="s" />
        </div>
      ) : (
        <LevelBadge level={row.level} />
      )}
      {editable ? <EntryButtons name={name} state={row.state} undo={undo} remove={remove} /> : null}
    </li>
  );
}

interface EntryButtonsProps {
  name: string;
  state: RowState;
  undo: () => void;
  remove: () => void;
}

/** One place for remove and its undo, so that the focus stays where it is. */
function EntryButtons({ name, state, undo, remove }: EntryButtonsProps) {
  const removed = state === "removed";
  return (
    <div className={styles.buttons}>
      {state === "changed" ? (
        <IconButton size="s" label={`Undo the change of ${name}`} onPress={undo}>
          <Undo2 aria-hidden="true" />
        </IconButton>
      ) : null}
      <IconButton size="s" label={removed ? `Keep ${name}` : `Remove ${name}`} onPress={removed ? undo : remove}>
        {removed ? <Undo2 aria-hidden="true" /> : <Trash2 aria-hidden="true" />}
      </IconButton>
    </div>
  );
}

/** Icon, name and kind of a principal. */
export function WhoWords({ who, gone = false }: { who: Who; gone?: boolean }) {
  const name = shownName(who);
  return (
    <div className={styles.who}>
      <KindIcon kind={who.kind} />
      <div>
        <bdi className={styles.name}>{gone ? <s>{name}</s> : name}</bdi>
        <span className={styles.kind}>{whoSentence(who)}</span>
      </div>
    </div>
  );
}

const marks = { added: [Plus, "good"], changed: [Pencil, "accent"], removed: [Trash2, "bad"] } as const;

function StateMark({ row }: { row: StagedRow }) {
  const word = ruleWord(row.rule);
  if (row.state === "same") return word ? <Badge tone="outline">{word}</Badge> : null;
  const [Icon, tone] = marks[row.state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" />}>
      {rowSentence(row)}
    </Badge>
  );
}

/** Why an entry stands as it is, with a lock. */
export function Fixed({ reason }: { reason: string }) {
  return (
    <span className={styles.fixed}>
      <LockKeyhole size={13} aria-hidden="true" />
      {reason}
    </span>
  );
}
