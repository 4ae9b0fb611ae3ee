import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { Dialog, useJudge, type AllowedOn } from "../ui";
import { RefusedContext, type Refused } from "../ui/refused";

interface Reason {
  title: string;
  reason: string;
}

const WhyContext = createContext<(reason: Reason) => void>(() => undefined);

/** Shows the server's reason for what is refused by a rule beside the levels (two persons, a missing check), which no level changes. */
export function WhyProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Reason>();
  const [isOpen, setOpen] = useState(false);
  const open = useMemo(
    () => (reason: Reason) => {
      setShown(reason);
      setOpen(true);
    },
    [],
  );
  return (
    <WhyContext value={open}>
      {children}
      <Dialog isOpen={isOpen} onOpenChange={setOpen} title={shown?.title ?? "Not now"} size="narrow">
        <p className="break">{shown?.reason}</p>
      </Dialog>
    </WhyContext>
  );
}

/**
 * Makes what buttons and menu entries show when refused: `why("transition-any", on, reason, "Transition to Production")`. Null where there is no
 * reason. Who lacks the ability gets the law's short words and the explain drawer, who has it the rule's own words.
 */
export function useWhy() {
  const judge = useJudge();
  const show = use(WhyContext);
  return (ability: string, on: AllowedOn, reason: string | undefined, title: string): Refused | null => {
    if (reason === undefined) return null;
    return judge(ability, on) ?? { reason, explain: () => show({ title: `${title}: not now`, reason }) };
  };
}

export interface RefusableProps {
  refused: Refused | null;
  children: ReactNode;
}

/** Buttons inside are as they are, or refused with a reason that the server gave for just this. */
export function Refusable({ refused, children }: RefusableProps) {
  return <RefusedContext value={refused}>{children}</RefusedContext>;
}
