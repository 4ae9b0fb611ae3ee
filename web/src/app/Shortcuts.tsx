import { lazy, Suspense, useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { Dialog, Spinner } from "../ui";
import { useCommands } from "./commands";
import { readKey, type Command, type KeyState } from "./keys";
import { usePreferences } from "./preferences";

const ShortcutList = lazy(() => import("./ShortcutList").then((m) => ({ default: m.ShortcutList })));

/** Listens for the shortcuts and shows their list. Single keys can be turned off (WCAG 2.1.4); Ctrl K and Command K stay. */
export function Shortcuts() {
  const { shortcutsOpen, setShortcutsOpen } = useCommands();
  useShortcuts();
  return (
    <Dialog isOpen={shortcutsOpen} onOpenChange={setShortcutsOpen} title="Keyboard shortcuts" size="narrow">
      <Suspense fallback={<Spinner />}>
        <ShortcutList close={() => setShortcutsOpen(false)} />
      </Suspense>
    </Dialog>
  );
}

const typing = "input, textarea, select, [contenteditable='true'], [role='combobox'], [role='textbox']";

function useShortcuts() {
  const { setPaletteOpen, openPalette, openShortcuts } = useCommands();
  const { shortcuts } = usePreferences();
  const navigate = useNavigate();
  const state = useRef<KeyState>({ pending: undefined, at: 0 });
  useEffect(() => {
    const run = (command: Command) => {
      if ("go" in command) void navigate(command.go);
      else if (command.open === "palette") openPalette();
      else openShortcuts();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPaletteOpen(true);
        return;
      }
      if (!shortcuts || elsewhere(event.target)) return;
      const read = readKey(state.current, { key: event.key, modified, at: event.timeStamp });
      state.current = read.state;
      if (!read.command) return;
      event.preventDefault();
      run(read.command);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [shortcuts, navigate, setPaletteOpen, openPalette, openShortcuts]);
}

/** Keys belong to a field that is typed in, to an open dialog or menu, and to lists that find by typing. */
function elsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest(typing)) return true;
  if (target.closest("[role='listbox'], [role='menu'], [role='tree'], [role='treegrid'], [role='grid']")) return true;
  return document.querySelector("[role='dialog'], [role='alertdialog'], [role='menu']") !== null;
}
