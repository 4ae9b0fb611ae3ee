import { Suspense, useRef, type RefObject } from "react";
import { Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { Spinner, classes } from "../ui";
import { RouteBoundary } from "./Fallbacks";
import { Palette } from "./Palette";
import { CommandsProvider } from "./commands";
import { usePreferences } from "./preferences";
import { SessionEnd } from "./SessionEnd";
import { Shortcuts } from "./Shortcuts";
import { Sidebar } from "./Sidebar";
import styles from "./Shell.module.css";
import { TopBar } from "./TopBar";

/** The frame around every page: sidebar, top bar, palette, shortcuts and the warning before the session ends. */
export function Shell() {
  const narrow = usePreferences().sidebar === "narrow";
  const main = useRef<HTMLElement>(null);
  const navigation = useNavigation();
  return (
    <CommandsProvider>
      <div className={classes(styles.shell, narrow && styles.shellNarrow)}>
        <SkipLink main={main} />
        <Sidebar />
        <div className={styles.column}>
          <TopBar />
          {navigation.state === "loading" ? <div className={styles.progress} aria-hidden="true" /> : null}
          <main ref={main} tabIndex={-1} id="content" className={styles.main}>
            <Screen />
          </main>
        </div>
      </div>
      <Palette />
      <Shortcuts />
      <SessionEnd />
      <ScrollRestoration />
    </CommandsProvider>
  );
}

function SkipLink({ main }: { main: RefObject<HTMLElement | null> }) {
  return (
    <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
      Skip to content
    </button>
  );
}

function Screen() {
  const { pathname } = useLocation();
  return (
    <RouteBoundary at={pathname}>
      <Suspense fallback={<Spinner />}>
        <Outlet />
      </Suspense>
    </RouteBoundary>
  );
}
