import { databricks, post } from "../api/client";
import { useChange, useGet } from "../api/hooks";

/** A token as /api/2.0/token/list tells of it. Times are milliseconds since 1970; an expiry of -1 is none. */
export interface Token {
  token_id: string;
  creation_time: number;
  expiry_time: number;
  comment: string;
  scopes?: string[];
  /** The beginning of the day of the last use (UTC). */
  last_used_day?: number;
  last_used_source?: string;
}

export interface NewToken {
  comment: string;
  lifetime_seconds?: number;
  scopes?: string[];
}

export interface CreatedToken {
  token_value: string;
  token_info: Token;
}

const list = `${databricks}/token/list`;

export const useTokens = () => useGet<{ token_infos?: Token[] }>(list);

export const useCreateToken = (done: (created: CreatedToken) => void) =>
  useChange((wish: NewToken) => post<CreatedToken>(`${databricks}/token/create`, wish), [list, "/home"], done);

export const useRevokeToken = () => useChange((id: string) => post(`${databricks}/token/delete`, { token_id: id }), [list, "/home"]);

/** A day as it is kept: of UTC, so that nobody reads another day out of midnight. */
export const dayText = (day: number): string => new Date(day).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });

export type Standing = { state: "lasting" } | { state: "good" | "soon" | "expired"; at: number };

const soon = 14 * 24 * 3600_000;

/** What a token's expiry means now. */
export function standingOf(token: Pick<Token, "expiry_time">, now: number): Standing {
  const at = token.expiry_time;
  if (at <= 0) return { state: "lasting" };
  if (at <= now) return { state: "expired", at };
  return { state: at - now <= soon ? "soon" : "good", at };
}

/** What a new token can be cut down to, as GET /token-scopes answers it. */
export interface TokenScopes {
  scopes: readonly TokenScope[];
  /** The credential behind this session reaches everything. */
  whole: boolean;
}

export interface TokenScope {
  scope: string;
  what: string;
  /** The credential behind this session reaches it; no token reaches further. */
  held: boolean;
}

export const useTokenScopes = (enabled: boolean) => useGet<TokenScopes>("/token-scopes", undefined, { enabled });

export const lifetimes: readonly { value: string; text: string; days: number | undefined }[] = [
  { value: "1", text: "1 day", days: 1 },
  { value: "30", text: "30 days", days: 30 },
  { value: "90", text: "90 days", days: 90 },
  { value: "365", text: "1 year", days: 365 },
  { value: "never", text: "Does not expire", days: undefined },
];

/** The request of a new token from what the form holds. */
export function wishOf(comment: string, lifetime: string, chosen: readonly string[] | undefined): NewToken {
  const days = lifetimes.find((l) => l.value === lifetime)?.days;
  return {
    comment: comment.trim(),
    ...(days === undefined ? {} : { lifetime_seconds: days * 86_400 }),
    ...(chosen === undefined ? {} : { scopes: [...chosen] }),
  };
}
