/** One live region for the whole console: what changed is said to screen readers without moving the focus. */
import { useEffect, useState } from "react";

type Listener = (text: string) => void;
const listeners = new Set<Listener>();

/** Says a sentence to screen readers: "Saved.", "Copied.", "Sorted by name, ascending." */
export function announce(text: string) {
  for (const listener of listeners) listener(text);
}

/** The region; the shell shows it once. Dialogs do not hide it (data-live-announcer). */
export function Announcer() {
  const [message, setMessage] = useState({ text: "", count: 0 });
  useEffect(() => {
    const listener: Listener = (text) => setMessage((m) => ({ text, count: m.count + 1 }));
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  // A no-break space at the end makes the same sentence a new text, so that it is said again.
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-live-announcer="true">
      {message.count % 2 ? `${message.text}\u00a0` : message.text}
    </div>
  );
}
