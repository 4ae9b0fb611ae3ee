import { createContext, lazy, Suspense, use, useMemo, useState, type ReactNode } from "react";
import type { AllowedOn } from "../ui/Allowed";
import { useOpenHere } from "./commands";

/** The object whose permissions are to be shown: at least its text; what the page already knows of it spares a question. */
export interface PermissionsRequest {
  object: Pick<AllowedOn, "object"> & { kind?: string; name?: string; path?: string };
}

export interface PermissionsDialogControl {
  open: (request: PermissionsRequest) => void;
}

const PermissionsContext = createContext<PermissionsDialogControl>({ open: () => undefined });

/** `usePermissionsDialog().open({ object })` shows who may do what with an object, and changes it. */
export const usePermissionsDialog = (): PermissionsDialogControl => use(PermissionsContext);

const PermissionsDialog = lazy(() => import("../access/PermissionsDialog").then((m) => ({ default: m.PermissionsDialog })));

export function PermissionsProvider({ children }: { children: ReactNode }) {
  const [request, setRequest] = useState<PermissionsRequest>();
  const [isOpen, setOpen] = useOpenHere();
  const control = useMemo<PermissionsDialogControl>(
    () => ({
      open: (next) => {
        setRequest(next);
        setOpen(true);
      },
    }),
    [setOpen],
  );
  return (
    <PermissionsContext value={control}>
      {children}
      {request && isOpen ? (
        <Suspense>
          <PermissionsDialog key={request.object.object} request={request} isOpen={isOpen} onOpenChange={setOpen} />
        </Suspense>
      ) : null}
    </PermissionsContext>
  );
}
