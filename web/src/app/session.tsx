import { createContext, use, useEffect, type ReactNode } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { onSignedOut, setCsrf } from "../api/client";
import { useSession } from "../api/hooks";
import type { Session } from "../api/types";

const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only inside the shell, where somebody always is. */
export function useViewer(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("This page needs a session.");
  return session;
}

export interface SessionGateProps {
  loading: ReactNode;
  signedOut: ReactNode;
  failed: (error: Error, retry: () => void) => ReactNode;
  children: ReactNode;
}

/** Shows its children to whoever is signed in, and the sign-in page in their place, at the same address, to everybody else. */
export function SessionGate({ loading, signedOut, failed, children }: SessionGateProps) {
  const query = useSession();
  const client = useQueryClient();
  const session = query.data;
  setCsrf(session?.csrf ?? "");
  useEffect(
    () =>
      onSignedOut(() => {
        client.setQueryData<Session | null>(["/session"], null);
        client.removeQueries({ predicate: (q) => q.queryKey[0] !== "/session" });
      }),
    [client],
  );
  if (session === undefined) return query.error ? failed(query.error, () => void query.refetch()) : loading;
  if (session === null) return signedOut;
  return <SessionContext value={session}>{children}</SessionContext>;
}
