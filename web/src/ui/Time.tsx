import { useSyncExternalStore } from "react";
import { absoluteTime, relativeTime } from "./format";

let now = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void) {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, 30_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds, renewed twice a minute: one clock for all components. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

export interface TimeProps {
  /** Milliseconds since 1970; absent shows `none`. */
  at: number | undefined;
  form?: "relative" | "absolute";
  none?: string;
}

/** A moment: "3 hours ago", with date, time and zone on hover and for screen readers. */
export function Time({ at, form = "relative", none = "never" }: TimeProps) {
  const current = useNow();
  if (at === undefined || at <= 0) return <span className="faint">{none}</span>;
  const exact = absoluteTime(at);
  if (form === "absolute") return <time dateTime={new Date(at).toISOString()}>{exact}</time>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact} style={{ position: "relative", whiteSpace: "nowrap" }}>
      {relativeTime(at, Math.max(current, now))}
      <span className="visually-hidden"> ({exact})</span>
    </time>
  );
}
