/** Who has an ability on an object, as GET /who-can answers it: shapes, groups and sentences. */
import type { ObjectRef, PrincipalRef } from "../api/types";
import { plural } from "../ui/format";
import { levelWords } from "../ui/levels";
import type { Step } from "./path";

/** Somebody who has an ability: the level that gives it, where it was given and to whom (himself or a group). */
export interface Holder extends PrincipalRef {
  level: string;
  rule: string;
  from?: ObjectRef;
  through?: PrincipalRef;
  /** How it is had; asked for by `explain`. */
  path?: readonly Step[];
}

export interface WhoCanAnswer {
  object: ObjectRef;
  ability: string;
  version: number;
  principals: readonly Holder[];
}

/** People who have an ability the same way: through one group, or each by himself. */
export interface HolderGroup {
  /** The group's name; "" for those who have it themselves or by a rule. */
  key: string;
  group: PrincipalRef | undefined;
  holders: readonly Holder[];
}

/** The API writes no level as NO_PERMISSIONS in decisions. */
export const levelOf = (level: string | undefined): string => (level === undefined || level === "NO_PERMISSIONS" ? "" : level);

/** Groups in the order of their size, who has it himself first; within, by name. */
export function groupsOf(holders: readonly Holder[]): HolderGroup[] {
  const by = new Map<string, { key: string; group: PrincipalRef | undefined; holders: Holder[] }>();
  for (const holder of [...holders].sort((a, b) => a.name.localeCompare(b.name))) {
    const group = holder.through?.kind === "group" ? holder.through : undefined;
    const key = group?.name ?? "";
    const there = by.get(key) ?? { key, group, holders: [] };
    there.holders.push(holder);
    by.set(key, there);
  }
  return [...by.values()].sort((a, b) => Number(b.key === "") - Number(a.key === "") || b.holders.length - a.holders.length);
}

const ruleWords: Record<string, string> = {
  admins: "as an administrator",
  anyone: "as everybody has",
  creator: "as its creator",
  home: "as the owner of the home folder",
  shared: "as everybody has on Shared",
  open: "while access control is off",
  below: "as it leads to something that may be seen",
  auditors: "as an auditor",
};

/** "Can edit, through group data-science, given on /Users/ann/projects." What comes by a rule says the rule. */
export function holderSentence(holder: Holder, object: ObjectRef): string {
  const level = levelOf(holder.level);
  const parts = level === "" ? [] : [levelWords(level)];
  const rule = ruleWords[holder.rule];
  if (rule !== undefined) parts.push(rule);
  else if (holder.through?.kind === "group") parts.push(`through group ${holder.through.name}`);
  if (holder.rule === "entry" && holder.from) parts.push(holder.from.object === object.object ? "given here" : `given on ${holder.from.path ?? holder.from.name}`);
  return `${parts.join(", ")}.`;
}

/** "7 people, 1 service principal": how many they are. */
export function holdersSentence(holders: readonly Holder[]): string {
  const machines = holders.filter((h) => h.kind === "service-principal").length;
  const people = holders.length - machines;
  if (holders.length === 0) return "Nobody";
  return [people > 0 ? plural(people, "person", "people") : "", machines > 0 ? plural(machines, "service principal") : ""].filter(Boolean).join(", ");
}

interface LawAbility {
  ability: string;
  title: string;
  least_level?: string;
}

/** The ability that the lowest level of a kind gives first: who has it has access at all. */
export function leastAbility(abilities: readonly LawAbility[], levels: readonly { permission_level: string }[]): string | undefined {
  const lowest = levels[0]?.permission_level;
  return abilities.find((a) => a.least_level !== undefined && a.least_level === lowest)?.ability;
}
