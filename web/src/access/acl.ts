/** An object's permissions as the dialog shows them: what was given on the object itself, and what comes to it from elsewhere. */
import type { ObjectRef, PrincipalRef } from "../api/types";

/** Whom an entry names. A service principal's name is its application id; `display` is what people call it. */
export interface Who {
  kind: string;
  name: string;
  display?: string | undefined;
  /** The people in a group, through other groups too. */
  members?: number | undefined;
}

/** A level given on the object itself. */
export interface DirectEntry {
  key: string;
  who: Who;
  level: string;
  /** The server's word for why it is there: "entry" where somebody gave it. */
  rule: string;
  /** Why the server would not change it here; absent for what may be changed. */
  reason?: string;
  /** Whether it must be named where the whole list is sent, or is gone. */
  stands: boolean;
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
  /** Why entries of theirs would change nothing, by principal. */
  fixed: ReadonlyMap<string, string>;
}

/** Before anything was read. */
export const noAcl: Acl = { etag: "", direct: [], inherited: [], fixed: new Map() };

/** What GET /permissions/{type}/{id} answers. */
export interface AclAnswer {
  object_id: string;
  object_type: string;
  access_control_list: readonly AclRow[];
}

interface AclRow {
  principal: PrincipalRef;
  display_name?: string;
  /** The people in a group; absent for who is no group. */
  members?: number;
  /** Why an entry of the principal's own would change nothing; absent where it would. */
  fixed?: string;
  all_permissions: readonly AclLevel[];
}

interface AclLevel {
  permission_level: string;
  inherited: boolean;
  origins?: readonly ObjectRef[];
  rule: string;
  changeable: boolean;
  reason?: string;
  stands: boolean;
}

/** A level of a kind, as GET …/levels answers it; the answer has them lowest first. */
export interface LevelInfo {
  permission_level: string;
  description: string;
}

/** The one text that tells principals apart: kinds have names of their own. */
export const keyOf = (who: Pick<Who, "kind" | "name">): string => `${who.kind}:${who.name}`;

/** Sorts the list into what was given on the object itself and what comes from elsewhere. */
export function readAcl(answer: AclAnswer, etag: string, levels: readonly LevelInfo[]): Acl {
  const direct: DirectEntry[] = [];
  const inherited: InheritedEntry[] = [];
  const fixed = new Map<string, string>();
  for (const row of answer.access_control_list) {
    const who = { kind: row.principal.kind, name: row.principal.name, display: row.display_name, members: row.members };
    const key = keyOf(who);
    if (row.fixed !== undefined) fixed.set(key, row.fixed);
    const entryOf = (p: AclLevel): DirectEntry => {
      const reason = p.changeable ? {} : { reason: p.reason ?? "This cannot be changed here." };
      return { key, who, level: p.permission_level, rule: p.rule, stands: p.stands, ...reason };
    };
    const own = row.all_permissions.filter((p) => !p.inherited);
    const level = highest(own.map((p) => p.permission_level), levels);
    direct.push(...own.filter((p) => p.permission_level === level).map(entryOf));
    inherited.push(...row.all_permissions.filter((p) => p.inherited).map((p) => ({ ...entryOf(p), from: p.origins ?? [] })));
  }
  return { etag, direct: direct.sort(byWho), inherited: inherited.sort(byWho), fixed };
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

/** A word beside what can be changed but was not given by anybody. */
export function ruleWord(rule: string): string | undefined {
  return rule === "creator" ? "Creator" : undefined;
}
