import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { ApiError, get } from "../api/client";
import type { ObjectRef, PrincipalRef, Refusal } from "../api/types";
import { holderSentence, type WhoCanAnswer } from "./holding";
import type { Step } from "./path";

/** What GET /can answers: one decision with the path that led to it. */
export interface Decision {
  allowed: boolean;
  principal: PrincipalRef;
  ability: string;
  object: ObjectRef;
  level: string;
  rule: string;
  path: readonly Step[];
  refusal?: Refusal;
}

export interface Question {
  object: string;
  ability: string;
  /** A principal's name; the viewer when absent. */
  principal: string | undefined;
}

/** Asks for a decision. Who manages an object may not ask about others, but may see who has what on it: that answers too. */
export function useDecision(question: Question, enabled: boolean): UseQueryResult<Decision> {
  return useQuery({
    queryKey: ["/can", question],
    queryFn: async ({ signal }) => {
      try {
        return await get<Decision>("/can", { ...question }, { signal });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 403 || question.principal === undefined) throw error;
        return await fromHolders(question, question.principal, signal).catch(() => Promise.reject(error));
      }
    },
    enabled: enabled && question.ability !== "",
    retry: false,
  });
}

async function fromHolders({ object, ability }: Question, principal: string, signal: AbortSignal): Promise<Decision> {
  const answer = await get<WhoCanAnswer>("/who-can", { object, ability, explain: true }, { signal });
  const holder = answer.principals.find((h) => h.name === principal);
  const base = { ability, object: answer.object };
  if (holder) {
    const path = holder.path ?? [{ kind: "rule", text: holderSentence(holder, answer.object) }];
    return { ...base, allowed: true, principal: holder, level: holder.level, rule: holder.rule, path };
  }
  const found = await get<{ principals: PrincipalRef[] }>("/principals", { q: principal, max_results: 20 }, { signal });
  const who = found.principals.find((p) => p.name === principal) ?? { id: "", name: principal, kind: "user" };
  const text = `Nothing gives ${principal} this ability here.`;
  return { ...base, allowed: false, principal: who, level: "", rule: "nothing", path: [{ kind: "rule", text }] };
}
