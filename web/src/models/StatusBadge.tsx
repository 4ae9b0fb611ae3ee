import { CircleAlert, CircleCheck, CircleHelp, LoaderCircle } from "lucide-react";
import { Badge } from "../ui";
import type { VersionStatus } from "./types";

const looks: Record<string, { tone: "good" | "warn" | "bad" | "plain"; words: string; icon: typeof CircleCheck }> = {
  READY: { tone: "good", words: "Ready", icon: CircleCheck },
  PENDING_REGISTRATION: { tone: "warn", words: "Being registered", icon: LoaderCircle },
  FAILED_REGISTRATION: { tone: "bad", words: "Registration failed", icon: CircleAlert },
};

/** Whether a version's files are there. */
export function StatusBadge({ status, reason }: { status: VersionStatus; reason?: string | undefined }) {
  const look = looks[status] ?? { tone: "plain" as const, words: "Status unknown", icon: CircleHelp };
  const Icon = look.icon;
  return (
    <Badge tone={look.tone} icon={<Icon aria-hidden="true" />} title={reason ?? status}>
      {look.words}
    </Badge>
  );
}
