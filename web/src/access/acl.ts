/** An object's permissions as the dialog shows them: what was given on the object itself, and what comes to it from elsewhere. */
import type { ObjectRef } from "../api/types";

/** Whom an entry names. A service principal's name is its application id; `display` is what people call it. */
export interface Who {
  kind: string;
  name: string;
  display?: string | undefined;
  /** The people in a group, through other groups too. */
  members?: number | undefined;
}

/** A level given on the object itself. `rule` is the server's word for why; "entry" and "creator" may be taken away, the others are fixed. */
export interface DirectEntry {
  key: string;
  who: Who;
  level: string;
  rule: string;
}

/** A level that comes from another object (`from`, nearest first), or from being an administrator. */
export interface InheritedEntry extends DirectEntry {
  from: readonly ObjectRef[];
}

/** The permissions of an object at one version of them. */
export interface Acl {
  /** For If-Match; changes with what was given on the object itself. */
  etag: string;
  direct: readonly DirectEntry[];
  inherited: readonly InheritedEntry[];
}

/** Before anything was read. */
export const noAcl: Acl = { etag: "", direct: [], inherited: [] };

/** What GET /permissions/{type}/{id} answers. */
export interface AclAnswer {
  object_id: string;
  object_type: string;
  access_control_list?: readonly AclRow[];
}

interface AclRow {
  user_name?: string;
  group_name?: string;
  service_principal_name?: string;
  display_name?: string;
  all_permissions?: readonly { permission_level: string; inherited?: boolean; inherited_from_object?: readonly string[] }[];
}

/** What GET /objects/…/explain answers, as far as it is used: the rule behind each level, and names for where it comes from. */
export interface ExplainAnswer {
  object: ObjectRef;
  entries: readonly ExplainEntry[];
}

export interface ExplainEntry {
  id: string;
  name: string;
  kind: string;
  members?: number;
  levels: readonly { level: string; rule: string; inherited: boolean; from?: readonly ObjectRef[]; abilities: readonly string[] }[];
}

/** A level of a kind, as GET …/levels answers it; the answer has them lowest first. */
export interface LevelInfo {
  permission_level: string;
  description: string;
}

/** The one text that tells principals apart: kinds have names of their own. */
export const keyOf = (who: Pick<Who, "kind" | "name">): string => `${who.kind}:${who.name}`;

/** Puts the list and what explains it together. Without an explanation the rules are read off the list as well as that goes. */
export function readAcl(answer: AclAnswer, etag: string, explain: ExplainAnswer | undefined, levels: readonly LevelInfo[]): Acl {
  const direct: DirectEntry[] = [];
  const inherited: InheritedEntry[] = [];
  for (const row of answer.access_control_list ?? []) {
    const known = explain?.entries.find((e) => keyOf(e) === keyOf(whoOf(row, undefined)));
    const who = whoOf(row, known);
    const own = (row.all_permissions ?? []).filter((p) => !p.inherited).map((p) => p.permission_level);
    const level = highest(own, levels);
    if (level !== undefined) direct.push({ key: keyOf(who), who, level, rule: ruleOf(known, level, false) ?? guess(who, undefined) });
    for (const p of (row.all_permissions ?? []).filter((one) => one.inherited)) {
      const found = known?.levels.find((l) => l.level === p.permission_level && l.inherited);
      const from = found?.from ?? (p.inherited_from_object ?? []).map(refOf);
      inherited.push({ key: keyOf(who), who, level: p.permission_level, rule: found?.rule ?? guess(who, p.inherited_from_object), from });
    }
  }
  return { etag, direct: direct.sort(byWho), inherited: inherited.sort(byWho) };
}

function whoOf(row: AclRow, known: ExplainEntry | undefined): Who {
  const rest = { display: row.display_name, members: known?.kind === "group" ? (known.members ?? 0) : undefined };
  if (row.group_name !== undefined) return { kind: "group", name: row.group_name, ...rest };
  if (row.service_principal_name !== undefined) return { kind: "service-principal", name: row.service_principal_name, ...rest };
  return { kind: "user", name: row.user_name ?? "", ...rest };
}

const ruleOf = (known: ExplainEntry | undefined, level: string, inherited: boolean): string | undefined =>
  known?.levels.find((l) => l.level === level && l.inherited === inherited)?.rule;

/** An origin without an id ("/directories/") is the root of the kind, where administrators have what they have. */
function guess(who: Who, origins: readonly string[] | undefined): string {
  const root = origins?.some((o) => o.endsWith("/")) ?? false;
  return who.kind === "group" && who.name === "admins" && (root || origins === undefined) ? "admins" : "entry";
}

function refOf(name: string): ObjectRef {
  const object = name.replace(/^\//, "");
  const [kind = ""] = object.split("/");
  return { object, kind: kind === "directories" ? "directory" : kind.replace(/s$/, ""), name: object };
}

const kindOrder = ["group", "user", "service-principal"];

function byWho(a: DirectEntry, b: DirectEntry): number {
  return kindOrder.indexOf(a.who.kind) - kindOrder.indexOf(b.who.kind) || shownName(a.who).localeCompare(shownName(b.who));
}

/** The highest of some levels, by the order in which the server lists the kind's. */
export function highest(own: readonly string[], levels: readonly LevelInfo[]): string | undefined {
  const rank = (level: string) => levels.findIndex((l) => l.permission_level === level);
  return own.reduce<string | undefined>((best, level) => (best === undefined || rank(level) > rank(best) ? level : best), undefined);
}

/** What to call a principal in a sentence: a service principal by what people call it, everybody else by name. */
export function shownName(who: Pick<Who, "kind" | "name" | "display">): string {
  return who.kind === "service-principal" && who.display ? who.display : who.name;
}

const fixedTexts: Record<string, (who: Who) => string> = {
  admins: () => "Administrators manage everything. This cannot be changed.",
  home: (who) => `This is the home folder of ${shownName(who)}, who always manages it.`,
  shared: () => "Everybody manages the Shared folder. This cannot be changed.",
  open: () => "Everybody has this while access control is off.",
};

/** Why an entry cannot be changed, as the server's rule says; undefined for what can be. */
export function fixedReason(entry: Pick<DirectEntry, "rule" | "who">): string | undefined {
  return fixedTexts[entry.rule]?.(entry.who);
}

/** A word beside what can be changed but was not given by anybody. */
export function ruleWord(rule: string): string | undefined {
  return rule === "creator" ? "Creator" : undefined;
}
