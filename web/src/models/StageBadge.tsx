import { Archive, CircleDashed, Rocket, TestTubeDiagonal, type LucideIcon } from "lucide-react";
import { Badge, type Tone } from "../ui";
import type { Stage } from "./types";

const looks: Record<Stage, [LucideIcon, Tone]> = {
  None: [CircleDashed, "outline"],
  Staging: [TestTubeDiagonal, "warn"],
  Production: [Rocket, "good"],
  Archived: [Archive, "plain"],
};

/** A stage with its icon; `version` beside it where a version stands there. */
export function StageBadge({ stage, version }: { stage: Stage; version?: string | undefined }) {
  const [Icon, tone] = (looks[stage] as (typeof looks)[Stage] | undefined) ?? looks.None;
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" />}>
      {stage === "None" ? "No stage" : stage}
      {version === undefined ? "" : ` ${version}`}
    </Badge>
  );
}
