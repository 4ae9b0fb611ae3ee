/** What a change would do to everybody's access, in words. The server works it out; nothing here decides anything. */
import type { ObjectRef, PrincipalRef } from "../api/types";
import { plural } from "../ui/format";
import { levelWords } from "../ui/levels";

/** One person or service principal for whom something is different. Gains and losses are titles of abilities. */
export interface EffectChange {
  principal: PrincipalRef;
  before: string;
  after: string;
  gains: readonly string[];
  loses: readonly string[];
  through?: readonly (PrincipalRef | string)[];
}

/** The answer of POST /permissions/…/preview, /workspace/move/preview and /workspace-conf/preview. */
export interface Effect {
  etag?: string;
  before_people: number;
  after_people: number;
  gain: number;
  lose: number;
  changes: readonly EffectChange[];
  truncated?: boolean;
  /** The viewer may not read the permissions where the object would be: numbers only. */
  hidden?: boolean;
  below?: number;
  viewer_loses_manage?: boolean;
  /** Only of the switch of access control: what everybody will manage. */
  gets_manage?: readonly ObjectRef[];
}

/** "2 people gain abilities and 1 person loses some." — the whole effect in one sentence, for the summary and for screen readers. */
export function effectSentence(effect: Effect): string {
  const { gain, lose, changes } = effect;
  const gains = gain > 0 ? `${people(gain)} ${gain === 1 ? "gains" : "gain"} abilities` : "";
  const loses = lose > 0 ? `${people(lose)} ${lose === 1 ? "loses" : "lose"} abilities` : "";
  if (gains && loses) return `${gains}, ${loses}.`;
  if (gains || loses) return `${gains || loses}.`;
  if (changes.length > 0) return `Nobody gains or loses an ability; for ${people(changes.length)} the level has another name or origin.`;
  return "Nobody gains or loses an ability.";
}

/** "7 people have access now, 5 afterwards." */
export function peopleSentence({ before_people: before, after_people: after }: Effect): string {
  const have = before === 1 ? "has" : "have";
  if (before === after) return `${people(before)} ${have} access, before and after.`;
  return `${people(before)} ${have} access now, ${after === 0 ? "nobody" : after} afterwards.`;
}

/** "12 objects below inherit the change." Empty where nothing lies below. */
export function belowSentence({ below = 0 }: Effect): string {
  if (below === 0) return "";
  return `${plural(below, "object")} below ${below === 1 ? "inherits" : "inherit"} the change.`;
}

/** "Can edit becomes Can read, through data-science." */
export function changeSentence(change: EffectChange): string {
  const before = levelWords(change.before);
  const after = levelWords(change.after);
  const levels = change.before === change.after ? after : `${before} becomes ${after}`;
  const through = throughNames(change);
  return through.length > 0 ? `${levels}, through ${through.join(", ")}.` : `${levels}.`;
}

/** Names of the groups through which somebody has the levels before and after. */
export function throughNames(change: EffectChange): string[] {
  return (change.through ?? []).map((group) => (typeof group === "string" ? group : group.name));
}

const people = (n: number): string => plural(n, "person", "people");
