import { useGet } from "../api/hooks";
import type { PrincipalRef } from "../api/types";

interface Named extends PrincipalRef {
  display_name?: string;
}

/**
 * What people call principals. Most have telling names; service principals are named by application ids, so those that are among `shown` are
 * looked up.
 */
export function useNames(shown: readonly PrincipalRef[]): (principal: PrincipalRef) => string {
  const enabled = shown.some((p) => p.kind === "service-principal");
  const answer = useGet<{ principals: Named[] }>("/principals", { kinds: "service-principal", max_results: 1000 }, { enabled });
  const names = new Map(answer.data?.principals.map((p) => [p.id, p.display_name]));
  return (principal) => names.get(principal.id) ?? principal.name;
}
