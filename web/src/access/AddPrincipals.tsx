import { useState } from "react";
import { Plus } from "lucide-react";
import { announce, Button, levelWords, Select } from "../ui";
import { shownName, type LevelInfo, type Who } from "./acl";
import styles from "./Permissions.module.css";
import { PrincipalPicker, keyOfPrincipal, whoOf, type Principal } from "./PrincipalPicker";
import { entryOf, type Staging } from "./staging";

export interface AddPrincipalsProps {
  state: Staging;
  levels: readonly LevelInfo[];
  onAdd: (who: Who, level: string) => void;
}

/** Chooses somebody and a level, and stages both. */
export function AddPrincipals({ state, levels, onAdd }: AddPrincipalsProps) {
  const [principal, setPrincipal] = useState<Principal | null>(null);
  const [level, setLevel] = useState(levels[0]?.permission_level ?? "");
  const [error, setError] = useState<string>();
  // A new key empties the field after each addition.
  const [round, setRound] = useState(0);
  const note = (p: Principal) => noteOf(state, p);
  const add = () => {
    if (!principal) {
      setError("Choose a user, group or service principal first.");
      return;
    }
    const who = whoOf(principal);
    onAdd(who, level);
    announce(`${shownName(who)} is to have ${levelWords(level)}. Not saved yet.`);
    setPrincipal(null);
    setRound(round + 1);
  };
  const choose = (p: Principal | null) => {
    setPrincipal(p);
    setError(undefined);
  };
  return (
    <div className={styles.add} role="group" aria-label="Add users and groups">
      <PrincipalPicker key={round} label="Add users and groups" value={principal} onChange={choose} note={note} error={error} />
      <LevelSelect label="Level" levels={levels} value={level} onChange={setLevel} />
      <Button icon={<Plus aria-hidden="true" />} onPress={add}>
        Add
      </Button>
    </div>
  );
}

function noteOf(state: Staging, principal: Principal): { text: string; fixed?: boolean } | undefined {
  const key = keyOfPrincipal(principal);
  const wished = state.wishes.get(key);
  if (wished) return { text: wished.level === null ? "staged to be removed" : `staged: ${levelWords(wished.level)}` };
  const fixed = state.base.fixed.get(key);
  if (fixed !== undefined) return { text: fixed, fixed: true };
  const entry = entryOf(state.base, key);
  if (!entry) return undefined;
  return { text: `has ${levelWords(entry.level)} here`, fixed: entry.reason !== undefined };
}

export interface LevelSelectProps {
  label: string;
  hideLabel?: boolean;
  levels: readonly LevelInfo[];
  value: string;
  onChange: (level: string) => void;
  size?: "m" | "s";
}

/** The kind's levels with what they let somebody do, in the server's words. */
export function LevelSelect({ label, hideLabel, levels, value, onChange, size }: LevelSelectProps) {
  const options = levels.map((l) => ({ value: l.permission_level, text: levelWords(l.permission_level), what: describe(l) }));
  return (
    <Select label={label} hideLabel={hideLabel ?? false} options={options} value={value} onChange={onChange} size={size ?? "m"} />
  );
}

/** Descriptions may name other levels as the API does. */
export const describe = (l: LevelInfo): string => l.description.replaceAll(/\b(?:CAN|IS)_[A-Z_]+\b/g, (level) => levelWords(level));

/** What each level means, for who wonders which one to give. */
export function LevelTable({ levels }: { levels: readonly LevelInfo[] }) {
  return (
    <details className={styles.levels}>
      <summary>What the levels mean</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Level</th>
            <th scope="col">What it lets somebody do</th>
          </tr>
        </thead>
        <tbody>
          {levels.map((l) => (
            <tr key={l.permission_level}>
              <th scope="row">{levelWords(l.permission_level)}</th>
              <td>{describe(l)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
