/** What was done with a version, in sentences. */
import type { Activity, ActivityType } from "./types";

export type ActivityTone = "plain" | "good" | "warn" | "bad" | "accent";

interface Kind {
  title: string;
  tone: ActivityTone;
  /** What somebody did, after the name. */
  did: (activity: Activity) => string;
}

const way = ({ from_stage, to_stage }: Activity) => `from ${from_stage ?? "None"} to ${to_stage ?? "None"}`;

const kinds: Record<ActivityType, Kind> = {
  APPLIED_TRANSITION: { title: "Transition", tone: "accent", did: (a) => `moved the version ${way(a)}` },
  REQUESTED_TRANSITION: { title: "Request", tone: "warn", did: (a) => `asked for the transition ${way(a)}` },
  CANCELLED_REQUEST: { title: "Cancelled", tone: "plain", did: (a) => `cancelled the request for the transition ${way(a)}` },
  APPROVED_REQUEST: { title: "Approved", tone: "good", did: (a) => `approved the request, which moved the version ${way(a)}` },
  REJECTED_REQUEST: { title: "Rejected", tone: "bad", did: (a) => `rejected the request for the transition ${way(a)}` },
  SYSTEM_TRANSITION: { title: "Automatic", tone: "plain", did: (a) => `moved the version ${way(a)} by another transition` },
  NEW_COMMENT: { title: "Comment", tone: "plain", did: () => "commented" },
};

const unknown: Kind = { title: "Activity", tone: "plain", did: () => "did something that this console does not know" };

const kindOf = (type: string): Kind => (Object.hasOwn(kinds, type) ? kinds[type as ActivityType] : unknown);

/** The word and the tone of an activity. */
export function activityWords(activity: Activity): { title: string; tone: ActivityTone } {
  const { title, tone } = kindOf(activity.activity_type);
  return { title, tone };
}

/** "moved the version from None to Staging": the predicate; the name stands before it. */
export const activityDid = (activity: Activity): string => kindOf(activity.activity_type).did(activity);

/** Whether a comment was changed after it was written. */
export const wasEdited = (activity: Activity): boolean =>
  activity.activity_type === "NEW_COMMENT" && activity.last_updated_timestamp > activity.creation_timestamp;

/** What the viewer may do about a comment. */
export function commentActions(activity: Activity): { edit: boolean; remove: boolean } {
  const actions = activity.activity_type === "NEW_COMMENT" ? (activity.available_actions ?? []) : [];
  return { edit: actions.includes("EDIT_COMMENT"), remove: actions.includes("DELETE_COMMENT") };
}
