import { useEffect, useSyncExternalStore } from "react";
import { CircleCheck, TriangleAlert, X } from "lucide-react";
import { Button, IconButton } from "./Button";
import styles from "./Toast.module.css";
import { classes } from "./classes";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  action: { text: string; act: () => void } | undefined;
}

let toasts: readonly Toast[] = [];
let count = 0;
const watchers = new Set<() => void>();

function change(next: readonly Toast[]) {
  toasts = next;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

const dismiss = (id: number) => change(toasts.filter((t) => t.id !== id));

/**
 * Shows a notice in the corner and says it: `notify("Moved to trash.", { action: { text: "Undo", act } })`. Errors (`tone: "bad"`) and those
 * with an action stay until closed; others go after six seconds. What a person must read stands on the page instead.
 */
export function notify(text: string, options: { tone?: "good" | "bad"; action?: { text: string; act: () => void } } = {}) {
  count += 1;
  change([...toasts.slice(-3), { id: count, text, tone: options.tone ?? "good", action: options.action }]);
}

/** Where notices appear; the shell shows it once. */
export function ToastRegion() {
  const shown = useSyncExternalStore(watch, () => toasts);
  return (
    <div className={styles.region} role="region" aria-label="Notices" aria-live="polite" data-live-announcer="true" data-react-aria-top-layer="true">
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const stays = toast.tone === "bad" || toast.action !== undefined;
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => dismiss(toast.id), 6000);
    return () => clearTimeout(timer);
  }, [stays, toast.id]);
  const act = () => {
    toast.action?.act();
    dismiss(toast.id);
  };
  return (
    <div className={classes(styles.toast, toast.tone === "bad" && styles.bad)} role={toast.tone === "bad" ? "alert" : undefined}>
      {toast.tone === "bad" ? <TriangleAlert size={16} aria-hidden="true" /> : <CircleCheck size={16} aria-hidden="true" />}
      <span className={styles.text}>{toast.text}</span>
      {toast.action ? (
        <Button size="s" onPress={act}>
          {toast.action.text}
        </Button>
      ) : null}
      <IconButton size="s" label="Close the notice" onPress={() => dismiss(toast.id)}>
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}
