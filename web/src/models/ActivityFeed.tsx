import { ArrowRightLeft, CircleCheck, CircleX, MessageSquare, MessageSquarePlus, Settings2, Undo2, type LucideIcon } from "lucide-react";
import { Badge, Empty, Link, Time } from "../ui";
import { activityDid, activityWords, wasEdited } from "./activities";
import { CommentText } from "./Comments";
import styles from "./Models.module.css";
import { versionPage } from "./paths";
import type { Activity, ActivityType } from "./types";

const icons: Record<ActivityType, LucideIcon> = {
  APPLIED_TRANSITION: ArrowRightLeft,
  REQUESTED_TRANSITION: MessageSquarePlus,
  CANCELLED_REQUEST: Undo2,
  APPROVED_REQUEST: CircleCheck,
  REJECTED_REQUEST: CircleX,
  SYSTEM_TRANSITION: Settings2,
  NEW_COMMENT: MessageSquare,
};

/** An activity with the version that it was about. */
export interface VersionActivity {
  activity: Activity;
  version: string;
}

export interface ActivityFeedProps {
  name: string;
  entries: readonly VersionActivity[];
  /** Says of which version each entry is: where several are shown together. */
  several?: boolean;
}

/** What was done, newest first. */
export function ActivityFeed({ name, entries, several = false }: ActivityFeedProps) {
  if (entries.length === 0) {
    return (
      <Empty title="No activity yet">
        Transitions, requests and comments appear here.
      </Empty>
    );
  }
  return (
    <ol className={styles.feed} aria-label="Activity, newest first">
      {entries.map(({ activity, version }) => (
        <Entry key={`${version} ${activity.id} ${activity.activity_type}`} name={name} version={version} activity={activity} several={several} />
      ))}
    </ol>
  );
}

function Entry({ name, version, activity, several }: { name: string; version: string; activity: Activity; several: boolean }) {
  const Icon = (icons[activity.activity_type] as LucideIcon | undefined) ?? Settings2;
  const { title, tone } = activityWords(activity);
  return (
    <li>
      <span className={styles.mark} aria-hidden="true">
        <Icon size={16} />
      </span>
      <div className={styles.entry}>
        <div className={styles.entryHead}>
          <Badge tone={tone}>{title}</Badge>
          <span>
            <strong>{activity.user_id || "Somebody who was removed"}</strong> {activityDid(activity)}
          </span>
          {several ? <Link to={versionPage(name, version)}>version {version}</Link> : null}
          <span className="faint small">
            <Time at={activity.creation_timestamp} />
            {wasEdited(activity) ? ", edited" : ""}
          </span>
        </div>
        {activity.system_comment ? <p className="muted small">{activity.system_comment}</p> : null}
        {activity.comment ? <CommentText name={name} activity={activity} /> : null}
      </div>
    </li>
  );
}
