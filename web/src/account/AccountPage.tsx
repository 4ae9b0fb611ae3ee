import { UserRoundCog } from "lucide-react";
import { useViewer } from "../app/session";
import { Badge, Page as Screen, Section } from "../ui";
import { ClientLines } from "./ClientLines";
import { PreferencesPart } from "./PreferencesPart";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

/** The viewer's own account: who he is, tokens, sessions, preferences. */
export function Page() {
  return (
    <Screen title="Account" icon={<UserRoundCog aria-hidden="true" />} about={<Who />}>
      <div className="stack" style={{ gap: "var(--s8)" }}>
        <Tokens />
        <Section title="Connect a client" about="Set these in the shell, with one of your tokens.">
          <ClientLines />
        </Section>
        <Sessions />
        <PreferencesPart />
      </div>
    </Screen>
  );
}

function Who() {
  const { user, groups, administrator, auditor } = useViewer();
  const shown = user.display_name && user.display_name !== user.name ? `${user.display_name}, ${user.name}` : user.name;
  return (
    <span className="row">
      <span className="break">Signed in as {shown}</span>
      {administrator ? <Badge tone="accent">administrator</Badge> : null}
      {auditor ? <Badge tone="violet">auditor</Badge> : null}
      {groups
        .filter((g) => !["users", "admins", "auditors"].includes(g))
        .map((g) => (
          <Badge key={g} title={`Group ${g}`}>
            {g}
          </Badge>
        ))}
    </span>
  );
}
