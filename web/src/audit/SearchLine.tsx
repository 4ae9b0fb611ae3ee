import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { ListFilter } from "lucide-react";
import { useGet } from "../api/hooks";
import { Button, IconButton, Menu, SearchField, type MenuGroup } from "../ui";
import styles from "./Audit.module.css";
import { narrowed, starts, type Qualifier } from "./audit";

/** The line of qualifiers, with what it knows behind a button and some searches to start from. */
export function SearchLine({ query, onSearch }: { query: string; onSearch: (query: string) => void }) {
  const [text, setText] = useState(query);
  const [shown, setShown] = useState(query);
  if (shown !== query) {
    // The address changed under the line: a link, or a filter taken from an event.
    setShown(query);
    setText(query);
  }
  const known = useGet<Qualifier[]>("/audit/qualifiers");
  const field = useRef<HTMLInputElement>(null);
  const [added, setAdded] = useState(0);
  useEffect(() => {
    if (added === 0) return;
    // What comes next is typing the value, or Enter; the closing menu would take the focus back to its button.
    const timer = setTimeout(() => field.current?.focus());
    return () => { clearTimeout(timer); };
  }, [added]);
  const add = (name: string, value: string) => {
    setText(value === "" ? `${text.trim()} ${name}:`.trim() : narrowed(text, name, value));
    setAdded(added + 1);
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSearch(text.trim());
  };
  return (
    <form role="search" className="stack" onSubmit={submit}>
      <div className={styles.line}>
        <SearchField
          label="Search the audit trail"
          value={text}
          inputRef={field}
          onChange={(next) => {
            setText(next);
            if (next === "") onSearch("");
          }}
          placeholder="actor:ann@example.com operation:modify created:>=2026-01-01"
        />
        <Menu
          label="Add a qualifier"
          trigger={
            <IconButton label="Add a qualifier">
              <ListFilter aria-hidden="true" size={16} />
            </IconButton>
          }
          groups={groupsOf(known.data ?? [], add)}
        />
        <Button type="submit" variant="primary">
          Search
        </Button>
      </div>
      <div className="row" role="group" aria-label="Searches to start from">
        {starts.map((start) => (
          <Button
            key={start.query}
            size="s"
            variant={query === start.query ? "primary" : "default"}
            onPress={() => {
              onSearch(query === start.query ? "" : start.query);
            }}
          >
            {start.text}
          </Button>
        ))}
      </div>
    </form>
  );
}

/** A menu entry for each qualifier, and for each value of those that take few. */
function groupsOf(qualifiers: readonly Qualifier[], add: (name: string, value: string) => void): MenuGroup[] {
  const free = qualifiers.filter((q) => !q.values?.length);
  const fixed = qualifiers.filter((q) => q.values?.length);
  return [
    {
      title: "Qualifiers",
      entries: free.map((q) => ({
        id: q.name,
        text: `${q.name}:`,
        what: q.what,
        onAction: () => {
          add(q.name, "");
        },
      })),
    },
    ...fixed.map((q) => ({
      title: q.what,
      entries: (q.values ?? []).map((value) => ({
        id: `${q.name}:${value}`,
        text: `${q.name}:${value}`,
        onAction: () => {
          add(q.name, value);
        },
      })),
    })),
  ];
}
