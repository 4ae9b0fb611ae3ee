import { createContext, lazy, Suspense, use, useMemo, useState, type ReactNode } from "react";
import type { Refusal } from "../api/types";
import { useOpenHere } from "./commands";

/** What the drawer is asked about: an ability on an object, for the viewer or for somebody else. */
export interface ExplainRequest {
  object: string;
  ability: string;
  /** A principal's name; the viewer when absent. */
  principal?: string;
  /** What a refused call has already told. */
  refusal?: Refusal;
}

export interface Explain {
  open: (request: ExplainRequest) => void;
}

export const ExplainContext = createContext<Explain>({ open: () => undefined });

/** `useExplain().open({ object: "experiments/123", ability: "log-runs" })` shows why the viewer may or may not. */
export const useExplain = (): Explain => use(ExplainContext);

const ExplainDrawer = lazy(() => import("../access/ExplainDrawer").then((m) => ({ default: m.ExplainDrawer })));

export function ExplainProvider({ children }: { children: ReactNode }) {
  const [request, setRequest] = useState<ExplainRequest>();
  const [isOpen, setOpen] = useOpenHere();
  const explain = useMemo<Explain>(
    () => ({
      open: (next) => {
        setRequest(next);
        setOpen(true);
      },
    }),
    [setOpen],
  );
  return (
    <ExplainContext value={explain}>
      {children}
      {request ? (
        <Suspense>
          <ExplainDrawer request={request} isOpen={isOpen} onOpenChange={setOpen} />
        </Suspense>
      ) : null}
    </ExplainContext>
  );
}
