/** Changes of permissions that are staged: nothing of them is sent before Save. */
import { keyOf, type Acl, type DirectEntry, type Who } from "./acl";
import { rebase } from "./rebase";

/** What somebody is to have: a level, or null for nothing of his own on the object. */
export interface Wish {
  who: Who;
  level: string | null;
}

export type Wishes = ReadonlyMap<string, Wish>;

export interface Staging {
  /** The version that the viewer last saw as it is: what differs from `base` since is shown as somebody else's change. */
  seen: Acl;
  /** The newest version, on which the wishes rest. */
  base: Acl;
  wishes: Wishes;
}

export type StagingAction =
  | { type: "wish"; who: Who; level: string | null }
  | { type: "undo"; key: string }
  | { type: "undo-all" }
  | { type: "reread"; acl: Acl }
  | { type: "noted" };

export const staging = (acl: Acl): Staging => ({ seen: acl, base: acl, wishes: new Map() });

/** The reducer. A wish for what is already so is no wish; what is fixed cannot be wished otherwise. */
export function stage(state: Staging, action: StagingAction): Staging {
  switch (action.type) {
    case "wish":
      return wish(state, action.who, action.level);
    case "undo":
      return { ...state, wishes: without(state.wishes, action.key) };
    case "undo-all":
      return { ...state, wishes: new Map() };
    case "reread":
      return reread(state, action.acl);
    case "noted":
      return { ...state, seen: state.base };
  }
}

function wish(state: Staging, who: Who, level: string | null): Staging {
  const key = keyOf(who);
  const now = entryOf(state.base, key);
  if (now?.reason !== undefined || state.base.fixed.has(key)) return state;
  if ((now?.level ?? null) === level) return { ...state, wishes: without(state.wishes, key) };
  return { ...state, wishes: new Map(state.wishes).set(key, { who: now?.who ?? who, level }) };
}

function reread(state: Staging, acl: Acl): Staging {
  const wishes = rebase(acl, state.wishes);
  // Who has nothing staged simply sees the new state; who has is told what differs until he has noted it.
  return { seen: state.wishes.size === 0 ? acl : state.seen, base: acl, wishes };
}

function without(wishes: Wishes, key: string): Wishes {
  const rest = new Map(wishes);
  rest.delete(key);
  return rest;
}

export const entryOf = (acl: Acl, key: string): DirectEntry | undefined => acl.direct.find((e) => e.key === key);

export type RowState = "same" | "added" | "changed" | "removed";

/** A row of the dialog: an entry as it will be after Save. `before` is the level that it has now. */
export interface StagedRow extends DirectEntry {
  state: RowState;
  before?: string | undefined;
}

/** The rows in the order of the list, with what is added above them so that it is seen at once; the newest first. */
export function rowsOf({ base, wishes }: Staging): StagedRow[] {
  const rows = base.direct.map((entry): StagedRow => {
    const wished = wishes.get(entry.key);
    if (!wished) return { ...entry, state: "same" };
    if (wished.level === null) return { ...entry, state: "removed", before: entry.level };
    return { ...entry, level: wished.level, state: "changed", before: entry.level, rule: "entry", stands: true };
  });
  const added: StagedRow[] = [];
  for (const [key, { who, level }] of wishes) {
    if (level !== null && !entryOf(base, key)) added.unshift({ key, who, level, rule: "entry", stands: true, state: "added" });
  }
  return [...added, ...rows];
}

export interface StagedCounts {
  added: number;
  changed: number;
  removed: number;
}

export function countsOf(state: Staging): StagedCounts {
  const counts = { added: 0, changed: 0, removed: 0 };
  for (const row of rowsOf(state)) if (row.state !== "same") counts[row.state] += 1;
  return counts;
}

/** The body of PUT and of its preview. */
export interface AclRequest {
  access_control_list: Record<string, string>[];
}

const names: Record<string, string> = { user: "user_name", group: "group_name", "service-principal": "service_principal_name" };

/** All that is to stand on the object. What stands without an entry is not sent: it would become one, or be refused. */
export function requestOf(state: Staging): AclRequest {
  const rows = rowsOf(state).filter((row) => row.state !== "removed" && row.stands);
  return { access_control_list: rows.map((row) => ({ [names[row.who.kind] ?? "user_name"]: row.who.name, permission_level: row.level })) };
}
