import { useEffect, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { useChange } from "../api/hooks";
import type { Session } from "../api/types";
import { announce, Button, Dialog, Problem } from "../ui";
import { useViewer } from "./session";
import { useSignOut } from "./signout";

/** Warned so long before the session ends (WCAG 2.2.1 asks for 20 seconds at least). */
const warning = 2 * 60_000;

/** Milliseconds until `at`, while that is less than `within`; the clock ticks only then. */
function useCountdown(at: number, within: number): number | undefined {
  const [left, setLeft] = useState<number>();
  useEffect(() => {
    if (at <= 0) return;
    const tick = () => setLeft(at - Date.now() <= within ? Math.max(0, at - Date.now()) : undefined);
    const ticker = setInterval(tick, 1000);
    return () => {
      clearInterval(ticker);
      setLeft(undefined);
    };
  }, [at, within]);
  return left;
}

/** Warns before the session ends and lets it go on. At the end the sign-in page comes, at the same address. */
export function SessionEnd() {
  const viewer = useViewer();
  const client = useQueryClient();
  const left = useCountdown(viewer.expires_at, warning);
  const [dismissed, setDismissed] = useState(0);
  const signOut = useSignOut();
  const renew = useChange(() => post<Session>("/session/renew"), [], (session) => {
    client.setQueryData(["/session"], session);
    announce("The session goes on.");
  });
  const ended = left !== undefined && left <= 0;
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: ["/session"] });
  }, [ended, client]);
  const isOpen = left !== undefined && !ended && dismissed !== viewer.expires_at;
  const footer = (
    <>
      <Button onPress={() => signOut.mutate()}>Sign out</Button>
      <Button variant="primary" isPending={renew.isPending} onPress={() => renew.mutate(undefined)}>
        Stay signed in
      </Button>
    </>
  );
  return (
    <Dialog isOpen={isOpen} onOpenChange={() => setDismissed(viewer.expires_at)} title="Your session ends soon" size="narrow" footer={footer}>
      <div className="stack">
        <p>
          It ends in <strong>{clock(left ?? 0)}</strong>. What is not saved on this page is lost then; after signing in again you come back to this page.
        </p>
        {renew.error ? <Problem error={renew.error} /> : null}
      </div>
    </Dialog>
  );
}

function clock(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds} s`;
}
