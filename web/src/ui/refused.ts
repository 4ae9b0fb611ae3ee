import { createContext } from "react";

/** Why the control inside may not be used now, and what pressing it does instead. <Allowed> gives it; buttons of the kit heed it. */
export interface Refused {
  reason: string;
  explain: () => void;
}

export const RefusedContext = createContext<Refused | null>(null);
