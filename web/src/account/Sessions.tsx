import { del } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import type { SessionRow } from "../api/schema";
import { useSignOut } from "../app/signout";
import { Badge, Button, Problem, Section, Skeleton, Table, Time, notify, type Column } from "../ui";
import { browserName } from "./browser";

/** How somebody signed in, in words. */
const methods: Record<string, string> = { token: "with a token", link: "with a link" };

function howOf(session: SessionRow): string {
  return session.method === "provider" ? `with ${session.provider ?? "a provider"}` : (methods[session.method] ?? session.method);
}

function columnsFor(end: (session: SessionRow) => void): Column<SessionRow>[] {
  return [
    {
      key: "browser",
      title: "Browser",
      cell: (s) => (
        <span className="row" title={s.user_agent}>
          {browserName(s.user_agent)}
          {s.current ? <Badge tone="good">this one</Badge> : null}
        </span>
      ),
    },
    { key: "how", title: "Signed in", cell: (s) => howOf(s) },
    { key: "source", title: "Address", cell: (s) => s.source ?? <span className="faint">not known</span>, hideNarrow: true },
    { key: "used", title: "Last used", cell: (s) => <Time at={s.last_used_at ?? s.created_at} /> },
    { key: "created", title: "Since", cell: (s) => <Time at={s.created_at} />, hideNarrow: true },
    { key: "expires", title: "Ends", cell: (s) => <Time at={s.expires_at} none="not by itself" />, hideNarrow: true },
    {
      key: "actions",
      title: "Actions",
      hideTitle: true,
      align: "end",
      cell: (s) => (
        <Button size="s" onPress={() => end(s)} aria-label={s.current ? "Sign out here" : `Sign out ${browserName(s.user_agent)}`}>
          Sign out
        </Button>
      ),
    },
  ];
}

/** Where the viewer is signed in. */
export function Sessions() {
  const sessions = useGet<{ sessions: SessionRow[] }>("/sessions");
  const signOut = useSignOut();
  const end = useChange((id: string) => del(`/sessions/${encodeURIComponent(id)}`), ["/sessions"], () => notify("That session has ended."));
  const columns = columnsFor((s) => (s.current ? signOut.mutate() : end.mutate(s.id)));
  return (
    <Section title="Sessions" about="Browsers in which you are signed in.">
      {sessions.isPending ? <Skeleton lines={3} /> : null}
      {sessions.error ? <Problem error={sessions.error} onRetry={() => void sessions.refetch()} /> : null}
      {end.error ? <Problem error={end.error} title="The session could not be ended." /> : null}
      {sessions.data ? <Table label="Sessions" columns={columns} rows={sessions.data.sessions} rowKey={(s) => s.id} empty="You came with a token, not with a session." /> : null}
    </Section>
  );
}
