import { CircleSlash, Eye, Pencil, Play, Rocket, ShieldCheck, TestTubeDiagonal, type LucideIcon } from "lucide-react";
import { Badge, type Tone } from "./Badge";
import { levelWords } from "./levels";

const looks: Record<string, [LucideIcon, Tone]> = {
  CAN_RUN: [Play, "plain"],
  CAN_MANAGE_RUN: [Play, "plain"],
  CAN_QUERY: [Play, "plain"],
  CAN_RESTART: [Play, "plain"],
  CAN_EDIT: [Pencil, "accent"],
  WRITE: [Pencil, "accent"],
  CAN_MANAGE_STAGING_VERSIONS: [TestTubeDiagonal, "warn"],
  CAN_MANAGE_PRODUCTION_VERSIONS: [Rocket, "violet"],
  CAN_MANAGE: [ShieldCheck, "good"],
  IS_OWNER: [ShieldCheck, "good"],
  MANAGE: [ShieldCheck, "good"],
};

export interface LevelBadgeProps {
  level: string | undefined;
  /** Only the icon is shown, where there is no room (in trees); the words are its title and are read out. */
  compact?: boolean;
}

/** A level in words with its icon: CAN_READ → eye, "Can read". */
export function LevelBadge({ level, compact = false }: LevelBadgeProps) {
  const none = level === undefined || level === "";
  const [Icon, tone] = none ? ([CircleSlash, "outline"] as const) : (looks[level] ?? ([Eye, "plain"] as const));
  if (compact) {
    return (
      <span title={levelWords(level)}>
        <Icon size={14} aria-hidden="true" />
        <span className="visually-hidden">{levelWords(level)}</span>
      </span>
    );
  }
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" />} title={none ? undefined : level}>
      {levelWords(level)}
    </Badge>
  );
}
