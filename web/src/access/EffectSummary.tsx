import { useState } from "react";
import { ArrowRight, Minus, Plus, TriangleAlert, UsersRound } from "lucide-react";
import { Badge, Button, countText, KindIcon, LevelBadge, Notice, plural } from "../ui";
import { belowSentence, effectSentence, peopleSentence, throughNames, type Effect, type EffectChange } from "./effect";
import styles from "./EffectSummary.module.css";
import { useNames } from "./names";

export type { Effect, EffectChange } from "./effect";

export interface EffectSummaryProps {
  effect: Effect;
  /** What the change is called in the warning: "this change", "this move". */
  what?: string;
  /** How many people are listed before "Show all". */
  first?: number;
}

/** Who gains and who loses what by a change that has not been made yet: numbers, the warning about oneself, and each person. */
export function EffectSummary({ effect, what = "this change", first = 5 }: EffectSummaryProps) {
  const [all, setAll] = useState(false);
  const shown = all ? effect.changes : effect.changes.slice(0, first);
  const below = belowSentence(effect);
  const nameOf = useNames(effect.changes.map((change) => change.principal));
  return (
    <div className={styles.effect}>
      {effect.viewer_loses_manage ? (
        <Notice tone="warn">
          <strong>You lose the right to change these permissions.</strong> After {what} somebody else has to give it back to you.
        </Notice>
      ) : null}
      <p className={styles.headline}>
        <Counts effect={effect} />
        <span className="visually-hidden">{effectSentence(effect)}</span>
      </p>
      <p className="muted small">
        {peopleSentence(effect)} {below}
      </p>
      {effect.hidden ? <p className="muted small">Who they are is not shown: you may not see the permissions there.</p> : null}
      {shown.length > 0 ? (
        <ul role="list" className={styles.list} aria-label="Who gains and who loses">
          {shown.map((change) => (
            <ChangeRow key={change.principal.id} change={change} name={nameOf(change.principal)} />
          ))}
        </ul>
      ) : null}
      <Rest effect={effect} shown={shown.length} showAll={() => setAll(true)} />
    </div>
  );
}

function Counts({ effect }: { effect: Effect }) {
  const { gain, lose } = effect;
  return (
    <span className={styles.counts} aria-hidden="true">
      {gain > 0 ? (
        <Badge tone="good" icon={<Plus />}>
          {countText(gain)} {gain === 1 ? "gains" : "gain"}
        </Badge>
      ) : null}
      {lose > 0 ? (
        <Badge tone="bad" icon={<Minus />}>
          {countText(lose)} {lose === 1 ? "loses" : "lose"}
        </Badge>
      ) : null}
      {gain === 0 && lose === 0 ? <Badge icon={<UsersRound />}>Nobody gains or loses</Badge> : null}
    </span>
  );
}

function Rest({ effect, shown, showAll }: { effect: Effect; shown: number; showAll: () => void }) {
  const rest = effect.changes.length - shown;
  if (rest > 0) {
    return (
      <div>
        <Button size="s" onPress={showAll}>
          Show {plural(rest, "more person", "more people")}
        </Button>
      </div>
    );
  }
  return effect.truncated ? <p className="muted small">These are the first {effect.changes.length}; there are more.</p> : null;
}

/** One person: the level before and after, through whom, and what that means. */
function ChangeRow({ change, name }: { change: EffectChange; name: string }) {
  const through = throughNames(change);
  return (
    <li className={styles.row}>
      <span className={styles.who}>
        <KindIcon kind={change.principal.kind} />
        <bdi className="break">{name}</bdi>
      </span>
      <span className={styles.levels}>
        <LevelBadge level={change.before} />
        <ArrowRight size={14} aria-label="becomes" />
        <LevelBadge level={change.after} />
      </span>
      {through.length > 0 ? <span className="muted small break">through {through.join(", ")}</span> : null}
      <Titles word="Gains" titles={change.gains} />
      <Titles word="Loses" titles={change.loses} />
    </li>
  );
}

function Titles({ word, titles }: { word: "Gains" | "Loses"; titles: readonly string[] }) {
  if (titles.length === 0) return null;
  const Icon = word === "Gains" ? Plus : TriangleAlert;
  return (
    <details className={styles.titles}>
      <summary>
        <Icon size={13} aria-hidden="true" /> {word} {plural(titles.length, "ability", "abilities")}
      </summary>
      <ul>
        {titles.map((title) => (
          <li key={title}>{title}</li>
        ))}
      </ul>
    </details>
  );
}
