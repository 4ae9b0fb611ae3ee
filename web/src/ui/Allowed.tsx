import { use, type ReactNode } from "react";
import { ExplainContext } from "../app/explain";
import { useAbilityLaw } from "../api/law";
import { levelWords } from "./levels";
import { RefusedContext, type Refused } from "./refused";

/** What a control asks about: any object that the server sent with the viewer's abilities. */
export interface AllowedOn {
  object: string;
  kind?: string;
  abilities: readonly string[];
}

export interface AllowedProps {
  ability: string;
  /** Undefined while it is still loading: the control is then refused without a reason. */
  on: AllowedOn | undefined;
  /** A better reason than the law's words, e.g. the server's own. */
  reason?: string | undefined;
  children: ReactNode;
}

/** Shows its buttons as they are when the viewer has the ability; else as refused, focusable, with the reason, and pressing one explains. */
export function Allowed({ ability, on, reason, children }: AllowedProps) {
  const refused = useAllowed(ability, on, reason);
  return <RefusedContext value={refused}>{children}</RefusedContext>;
}

/** The same for menus: null when allowed, else what goes into MenuEntry.refused. */
export function useAllowed(ability: string, on: AllowedOn | undefined, reason?: string): Refused | null {
  const judge = useJudge();
  return judge(ability, on, reason);
}

/** For several entries at once: `const refuse = useJudge(); refuse("delete-items", item)` → null or what goes into MenuEntry.refused. */
export function useJudge() {
  const explain = use(ExplainContext);
  const law = useAbilityLaw();
  return (ability: string, on: AllowedOn | undefined, reason?: string): Refused | null => {
    if (on?.abilities.includes(ability)) return null;
    const words = reason ?? (on ? needs(law(ability, on.kind), ability) : "Not known yet whether you may.");
    return { reason: words, explain: () => on && explain.open({ object: on.object, ability }) };
  };
}

function needs(row: { title: string; least?: string | undefined } | undefined, ability: string): string {
  if (!row) return `You do not have the ability ${ability} here.`;
  return row.least ? `Needs ${levelWords(row.least)}: ${row.title}.` : `Only administrators: ${row.title}.`;
}
