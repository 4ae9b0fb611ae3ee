import { useId, useState, type KeyboardEvent } from "react";
import { Keyboard, Moon, Search, Sun } from "lucide-react";
import { Dialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useNavigate } from "react-router";
import { KindIcon, Problem, classes, useShownTheme } from "../ui";
import { useCommands } from "./commands";
import styles from "./Palette.module.css";
import { foundItems, matches, pageItems, useFound, type PaletteItem } from "./paletteItems";
import { prefer } from "./preferences";

/** Search over everything that the viewer may see, and over pages and actions. Opened by Ctrl K, Command K or /. */
export function Palette() {
  const { paletteOpen, setPaletteOpen } = useCommands();
  return (
    <ModalOverlay isOpen={paletteOpen} onOpenChange={setPaletteOpen} isDismissable className={styles.scrim ?? ""}>
      <Modal className={styles.modal ?? ""}>
        <Dialog aria-label="Search or go to" className={styles.dialog ?? ""}>
          <PaletteSearch close={() => setPaletteOpen(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function useActions(): PaletteItem[] {
  const { openShortcuts } = useCommands();
  const next = useShownTheme() === "dark" ? "light" : "dark";
  const action = (id: string, text: string, icon: PaletteItem["icon"], act: () => void): PaletteItem => ({
    id, group: "Actions", text, where: undefined, kind: undefined, icon, to: undefined, act,
  });
  return [
    action("theme", `Switch to the ${next} theme`, next === "dark" ? Moon : Sun, () => prefer("theme", next)),
    action("shortcuts", "Show keyboard shortcuts", Keyboard, openShortcuts),
  ];
}

function usePaletteItems(text: string) {
  const found = useFound(text);
  const actions = useActions().filter((a) => text !== "" && matches(text, a.text));
  const pages = pageItems(text);
  const results = text.trim() === "" ? [] : foundItems(found.data?.results ?? []);
  return { items: [...results, ...pages, ...actions], isSearching: text.trim() !== "" && found.isFetching, error: found.error };
}

function PaletteSearch({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { items, isSearching, error } = usePaletteItems(text);
  const navigate = useNavigate();
  const id = useId();
  const active = Math.min(at, Math.max(0, items.length - 1));
  const choose = (item: PaletteItem | undefined) => {
    if (!item) return;
    close();
    item.act?.();
    if (item.to !== undefined) void navigate(item.to);
  };
  const onKey = (event: KeyboardEvent) => {
    const next = moved(event.key, active, items.length);
    if (event.key === "Enter") choose(items[active]);
    else if (next === undefined) return;
    else setAt(next);
    event.preventDefault();
  };
  return (
    <>
      <div className={styles.field}>
        <Search aria-hidden="true" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={items[active] ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          aria-label="Search or go to"
          placeholder="Search by name, path or id, or go to a page"
          // The dialog is opened for typing.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      {error ? <Problem error={error} title="The search did not work." /> : null}
      <PaletteList id={id} items={items} active={active} choose={choose} />
      <div className={styles.foot} role="status">
        {isSearching ? "Searching…" : items.length === 0 ? "Nothing found." : `${items.length} found. Arrow keys move, Enter opens, Escape closes.`}
      </div>
    </>
  );
}

function moved(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at + count - 1) % count;
  if (key === "PageDown") return Math.min(count - 1, at + 8);
  if (key === "PageUp") return Math.max(0, at - 8);
  return undefined;
}

interface ListProps {
  id: string;
  items: readonly PaletteItem[];
  active: number;
  choose: (item: PaletteItem) => void;
}

function PaletteList({ id, items, active, choose }: ListProps) {
  const groups = [...new Set(items.map((i) => i.group))];
  return (
    <div className={styles.list} role="listbox" id={`${id}-list`} aria-label="Results">
      {groups.map((group) => (
        <div key={group} role="group" aria-label={group}>
          <div className={styles.group} aria-hidden="true">
            {group}
          </div>
          {items.map((item, index) =>
            item.group === group ? (
              <PaletteLine key={item.id} id={`${id}-${index}`} item={item} isActive={index === active} choose={choose} />
            ) : null,
          )}
        </div>
      ))}
    </div>
  );
}

const scrollTo = (element: HTMLElement | null) => element?.scrollIntoView({ block: "nearest" });

function PaletteLine({ id, item, isActive, choose }: { id: string; item: PaletteItem; isActive: boolean; choose: (item: PaletteItem) => void }) {
  const Icon = item.icon;
  return (
    // The keys are heard by the field, which keeps the focus (aria-activedescendant).
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      aria-selected={isActive}
      tabIndex={-1}
      ref={isActive ? scrollTo : undefined}
      className={classes(styles.line, isActive && styles.active)}
      onClick={() => choose(item)}
    >
      {Icon ? <Icon size={16} aria-hidden="true" /> : <KindIcon kind={item.kind ?? ""} />}
      <span className={styles.name}>{item.text}</span>
      {item.where ? <span className={styles.where}>{item.where}</span> : null}
    </div>
  );
}
