import { Ban, CircleCheck, CircleX, Clock3, LoaderCircle, type LucideIcon } from "lucide-react";
import { Badge, type Tone } from "../../ui";
import { statusText } from "../runs/cells";

const looks: Record<string, [LucideIcon, Tone]> = {
  FINISHED: [CircleCheck, "good"],
  FAILED: [CircleX, "bad"],
  KILLED: [Ban, "warn"],
  RUNNING: [LoaderCircle, "accent"],
  SCHEDULED: [Clock3, "plain"],
};

/** How a run stands. */
export function StatusBadge({ status }: { status: string }) {
  const [Icon, tone] = looks[status] ?? [Clock3, "plain"];
  return (
    <Badge tone={tone} icon={<Icon size={14} aria-hidden="true" />}>
      {statusText(status)}
    </Badge>
  );
}
