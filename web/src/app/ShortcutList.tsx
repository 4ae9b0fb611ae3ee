import { KeyHint, Link, Switch } from "../ui";
import { allDestinations } from "./nav";
import { prefer, usePreferences } from "./preferences";
import styles from "./Shortcuts.module.css";

/** All shortcuts, and the switch for those of a single key. */
export function ShortcutList({ close }: { close: () => void }) {
  const { shortcuts } = usePreferences();
  const rows: [string, string][] = [
    ["Mod K", "Search or go to"],
    ["/", "Search or go to"],
    ["?", "This list"],
    ...allDestinations.flatMap((d): [string, string][] => (d.key ? [[`g ${d.key}`, d.text]] : [])),
    ["Esc", "Close what is open"],
  ];
  return (
    <div className="stack">
      <dl className={styles.list}>
        {rows.map(([keys, text]) => (
          <div key={keys} className={styles.line}>
            <dt>{text}</dt>
            <dd>
              <KeyHint keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
      <Switch isSelected={shortcuts} onChange={(on) => prefer("shortcuts", on)}>
        Single-key shortcuts
      </Switch>
      <p className="small muted">
        Also in your{" "}
        <span onClickCapture={close}>
          <Link to="/account">account</Link>
        </span>
        . In lists, trees and tables the arrow keys, Home, End and typing a name work.
      </p>
    </div>
  );
}
