/** What the server says that the viewer may do with stages and requests, sorted for menus and buttons. The page adds no rule of its own. */
import type { AbsentAction, RequestAction, Stage, StageAction, TransitionRequest } from "./types";

export type StageWay = "transition" | "request";

export interface StageChoice {
  way: StageWay;
  stage: Stage;
  /** The ability that the drawer explains when the choice is refused. */
  ability: string;
  /** Why it may not be chosen; absent where it may. */
  reason?: string;
}

/** The choices of one way, in the order of the stages. The stage that the version is in is none. */
export function stageChoices(actions: readonly StageAction[], way: StageWay): StageChoice[] {
  return actions.filter((action) => !action.current).map((action) => choiceOf(action, way));
}

function choiceOf(action: StageAction, way: StageWay): StageChoice {
  const asks = way === "request";
  const choice: StageChoice = { way, stage: action.stage, ability: asks ? "request-transition" : action.ability };
  if (asks ? action.request : action.transition) return choice;
  return { ...choice, reason: (asks ? action.request_reason : action.reason) ?? "The server does not allow this now." };
}

/** Whether moving to the stage may archive the versions that are there: only stages in use have that. */
export const mayArchive = (stage: Stage): boolean => stage === "Staging" || stage === "Production";

export interface Decision {
  action: RequestAction;
  allowed: boolean;
  reason?: string;
  ability?: string;
}

const decisions: readonly RequestAction[] = ["APPROVE", "REJECT", "CANCEL"];

/** What there is to do about a request. An action that the server neither allows nor gives a reason for is left out. */
export function decisionsOn(request: Pick<TransitionRequest, "actions" | "absent">): Decision[] {
  return decisions.flatMap((action): Decision[] => {
    if (request.actions.includes(action)) return [{ action, allowed: true }];
    const absent = absentOf(request.absent, action);
    return absent ? [{ action, allowed: false, reason: absent.reason, ability: absent.ability }] : [];
  });
}

/** Why an action is absent; undefined where it is not. */
export const absentOf = (absent: readonly AbsentAction[], action: string): AbsentAction | undefined => absent.find((a) => a.action === action);

/** The words of the buttons. */
export const decisionWords: Record<RequestAction, { verb: string; done: string; what: string }> = {
  APPROVE: { verb: "Approve", done: "Approved", what: "Approve the transition" },
  REJECT: { verb: "Reject", done: "Rejected", what: "Reject the request" },
  CANCEL: { verb: "Cancel request", done: "Cancelled", what: "Cancel the request" },
};

/** Whether the digest that was asked for is not the version's any more. */
export const digestChanged = (request: Pick<TransitionRequest, "digest" | "digest_now">): boolean =>
  request.digest !== "" && request.digest !== request.digest_now;

/** The first 12 digits, which tell digests apart; a prefix such as sha256: is left out. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, "").slice(0, 12);
