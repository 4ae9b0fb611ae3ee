import { post } from "../api/client";
import { useChange, useGet, usePaged } from "../api/hooks";
import type { CredentialRow, CredentialsAnswer, FindingRow, ImpactAnswer } from "../api/schema";
import type { Tone } from "../ui";

const list = "/credentials";

/** Credentials, the newest first: all for administrators and auditors, one's own for others. */
export const useCredentials = (kind: string, state: string) =>
  usePaged<CredentialsAnswer, CredentialRow>(list, { kind: kind || undefined, state: state || undefined, max_results: 100 }, (page) => page.credentials);

/** What would stop, were a credential revoked. */
export const useImpact = (id: string) => useGet<ImpactAnswer>(`${list}/${encodeURIComponent(id)}/impact`);

/** Ends a credential; the classes of its findings are the reason in the ledger. */
export const useRevoke = (done: () => void) =>
  useChange(
    ({ credential, reason }: { credential: CredentialRow; reason: string }) =>
      post(`${list}/${encodeURIComponent(credential.id)}/revoke`, { reason, findings: open(credential).map((f) => f.class) }),
    [list, "/home"],
    done,
  );

/** The findings that nobody has accepted. */
export const open = (credential: CredentialRow): FindingRow[] => credential.findings.filter((f) => f.accepted === undefined);

const tones: Readonly<Record<string, Tone>> = { high: "bad", medium: "warn", low: "outline" };

export const toneOf = (finding: FindingRow): Tone => tones[finding.severity] ?? "outline";

/** "never-expires" as people read it. */
export const wordsOf = (name: string): string => name.replaceAll("-", " ");
