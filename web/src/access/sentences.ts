/** The dialog's sentences about staged changes, other people's changes, and where levels come from. */
import { plural } from "../ui/format";
import { kindWords, levelWords } from "../ui/levels";
import { shownName, type Who } from "./acl";
import type { Drift } from "./rebase";
import type { StagedCounts, StagedRow, Wishes } from "./staging";

/** "1 added, 2 changed, 1 removed"; empty when nothing is staged. */
export function countsSentence({ added, changed, removed }: StagedCounts): string {
  return [
    [added, "added"],
    [changed, "changed"],
    [removed, "removed"],
  ]
    .filter(([n]) => n !== 0)
    .map(([n, word]) => `${n ?? 0} ${word ?? ""}`)
    .join(", ");
}

/** What is said of a staged row: "Added", "Changed from Can read", "Will be removed". */
export function rowSentence(row: Pick<StagedRow, "state" | "before">): string {
  switch (row.state) {
    case "added":
      return "Added";
    case "changed":
      return `Changed from ${levelWords(row.before)}`;
    case "removed":
      return "Will be removed";
    case "same":
      return "";
  }
}

/** "readers was given Can read." — one thing that somebody else changed, and what that means for what is staged here. */
export function driftSentence(drift: Drift, wishes: Wishes): string {
  const name = shownName(drift.who);
  const mine = wishes.get(drift.key);
  const what = driftWords(drift);
  if (mine === undefined) return `${name} ${what}.`;
  const wish = mine.level === null ? "remove the entry" : `give ${levelWords(mine.level)}`;
  return `${name} ${what}; you are about to ${wish}.`;
}

function driftWords({ before, after }: Drift): string {
  if (before === null) return `was given ${levelWords(after ?? "")}`;
  if (after === null) return `was removed (had ${levelWords(before)})`;
  return `went from ${levelWords(before)} to ${levelWords(after)}`;
}

/** "group · 12 people", "service principal", "user · Ann Example": the quieter line below a name. */
export function whoSentence(who: Who): string {
  if (who.kind === "group" && who.members !== undefined) return `group · ${plural(who.members, "person", "people")}`;
  if (who.kind === "service-principal") return who.display ? `service principal · ${who.name}` : "service principal";
  return who.display && who.display !== who.name ? `${kindWords(who.kind)} · ${who.display}` : kindWords(who.kind);
}

/** What to call an object: its path where it has one, else its name. */
export function objectTitle(object: { path?: string | undefined; name?: string | undefined; object: string }): string {
  if (object.path === "/") return "Workspace";
  if (object.path !== undefined && object.path !== "") return object.path;
  if (object.object === "registered-models/root") return "all registered models";
  return object.name !== undefined && object.name !== "" ? object.name : object.object;
}
