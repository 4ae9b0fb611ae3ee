import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import { useLocation } from "react-router";

/** What opens over any page: the palette and the list of shortcuts. */
export interface Commands {
  paletteOpen: boolean;
  setPaletteOpen: (open: boolean) => void;
  openPalette: () => void;
  shortcutsOpen: boolean;
  setShortcutsOpen: (open: boolean) => void;
  openShortcuts: () => void;
}

const nothing = () => undefined;

const CommandsContext = createContext<Commands>({
  paletteOpen: false,
  setPaletteOpen: nothing,
  openPalette: nothing,
  shortcutsOpen: false,
  setShortcutsOpen: nothing,
  openShortcuts: nothing,
});

export const useCommands = (): Commands => use(CommandsContext);

export function CommandsProvider({ children }: { children: ReactNode }) {
  const [paletteOpen, setPaletteOpen] = useOpenHere();
  const [shortcutsOpen, setShortcutsOpen] = useOpenHere();
  const commands = useMemo<Commands>(
    () => ({
      paletteOpen,
      setPaletteOpen,
      openPalette: () => setPaletteOpen(true),
      shortcutsOpen,
      setShortcutsOpen,
      openShortcuts: () => setShortcutsOpen(true),
    }),
    [paletteOpen, setPaletteOpen, shortcutsOpen, setShortcutsOpen],
  );
  return <CommandsContext value={commands}>{children}</CommandsContext>;
}

/** What is open is so on one page: going to another one, also by Back, closes it. */
export function useOpenHere(): [boolean, (open: boolean) => void] {
  const { key } = useLocation();
  const [openAt, setOpenAt] = useState<string>();
  const set = useCallback((open: boolean) => setOpenAt(open ? key : undefined), [key]);
  return [openAt === key, set];
}
