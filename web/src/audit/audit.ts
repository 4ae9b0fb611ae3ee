/** The audit trail as the server tells it, and the line of qualifiers that searches it. */

export interface AuditEvent {
  event_id: string;
  event_time: string;
  service_name: string;
  action_name: string;
  operation: string;
  result: string;
  audit_class: string;
  source_ip_address: string;
  user_agent: string;
  request_id: string;
  request_params: Record<string, string> | null;
  response: { status_code: number; error_message: string | null };
  actor?: { id: string; name: string; kind: string };
  credential_id?: string;
  error_code?: string;
  governance_version?: number;
  object?: { kind?: string; id?: string; name?: string; path?: string };
  decision?: { allowed: boolean; ability?: string; level?: string; path?: { text: string }[] | null };
  reason?: string;
  count?: number;
  first_time?: string;
  last_time?: string;
}

export interface AuditPage {
  events: AuditEvent[];
  next_page_token?: string;
}

export interface Proof {
  state: "sealed" | "pending";
  index: number;
  size: number;
  leaf_hash: string;
  path: string[];
  checkpoint: string;
  verified: boolean;
  problem?: string;
}

export interface EventDetail {
  event: AuditEvent;
  before: unknown;
  after: unknown;
  proof: Proof;
}

export interface Qualifier {
  name: string;
  what: string;
  values?: string[];
  example?: string;
}

/** Searches that people start from. */
export const starts: readonly { text: string; query: string }[] = [
  { text: "Refused", query: "result:denied" },
  { text: "Permissions changed", query: "action:changeWorkspaceAcl" },
  { text: "Sign-ins and tokens", query: "operation:authentication" },
  { text: "Removed", query: "operation:remove" },
  { text: "Stages", query: "action:*Transition* action:*TransitionRequest action:transitionModelVersionStage" },
];

/** A qualifier with its value, quoted where it has to be. */
export function term(name: string, value: string): string {
  return /^[^\s"\\]+$/.test(value) ? `${name}:${value}` : `${name}:"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** A search narrowed by one more qualifier; what stands there already is not added again. */
export function narrowed(query: string, name: string, value: string): string {
  const more = term(name, value);
  const have = query.trim();
  return ` ${have} `.includes(` ${more} `) ? have : `${have} ${more}`.trim();
}

/** What an event was about, in a few words. */
export function subjectOf(event: AuditEvent): string {
  const object = event.object;
  return shown(object?.path ?? object?.name ?? object?.id ?? "");
}

/** A text with its direction marks written out: a name must not turn round what stands after it, least of all in a trail of evidence. */
export function shown(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) => `[U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0") ?? ""}]`);
}

/** The text by which the trail is searched for an event's object; undefined where there is none. */
export function objectText(event: AuditEvent): string | undefined {
  const { path, kind, id } = event.object ?? {};
  if (path) return path;
  return kind && id ? `${pluralKinds[kind] ?? `${kind}s`}/${id}` : undefined;
}

const pluralKinds: Record<string, string> = { directory: "directories" };

/** "changeWorkspaceAcl" as words: "change workspace acl". */
export function actionWords(action: string): string {
  return action
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/\bDb Token\b/, "token")
    .toLowerCase();
}
