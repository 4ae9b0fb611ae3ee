import { describe, expect, it } from "vitest";
import { activityDid, activityWords, commentActions, wasEdited } from "./activities";
import type { Activity, ActivityType } from "./types";

const activity = (type: string, rest: Partial<Activity> = {}): Activity => ({
  id: "1",
  activity_type: type as ActivityType,
  user_id: "ann@example.org",
  from_stage: "None",
  to_stage: "Production",
  creation_timestamp: 1,
  last_updated_timestamp: 1,
  ...rest,
});

describe("activityDid", () => {
  it.each([
    ["APPLIED_TRANSITION", "moved the version from None to Production"],
    ["REQUESTED_TRANSITION", "asked for the transition from None to Production"],
    ["CANCELLED_REQUEST", "cancelled the request for the transition from None to Production"],
    ["APPROVED_REQUEST", "approved the request, which moved the version from None to Production"],
    ["REJECTED_REQUEST", "rejected the request for the transition from None to Production"],
    ["SYSTEM_TRANSITION", "moved the version from None to Production by another transition"],
    ["NEW_COMMENT", "commented"],
    ["FROM_A_LATER_SERVER", "did something that this console does not know"],
    ["constructor", "did something that this console does not know"],
  ])("%s", (type, want) => {
    expect(activityDid(activity(type))).toBe(want);
  });

  it("has a word for each kind", () => {
    expect(activityWords(activity("APPROVED_REQUEST"))).toEqual({ title: "Approved", tone: "good" });
    expect(activityWords(activity("toString"))).toEqual({ title: "Activity", tone: "plain" });
  });
});

describe("comments", () => {
  it.each([
    ["one's own", activity("NEW_COMMENT", { available_actions: ["EDIT_COMMENT", "DELETE_COMMENT"] }), { edit: true, remove: true }],
    ["another's", activity("NEW_COMMENT"), { edit: false, remove: false }],
    ["no comment", activity("REQUESTED_TRANSITION", { available_actions: ["EDIT_COMMENT"] }), { edit: false, remove: false }],
  ])("%s", (_, given, want) => {
    expect(commentActions(given)).toEqual(want);
  });

  it("says whether a comment was edited", () => {
    expect(wasEdited(activity("NEW_COMMENT"))).toBe(false);
    expect(wasEdited(activity("NEW_COMMENT", { last_updated_timestamp: 2 }))).toBe(true);
    expect(wasEdited(activity("APPLIED_TRANSITION", { last_updated_timestamp: 2 }))).toBe(false);
  });
});
