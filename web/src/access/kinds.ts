import { useLaw } from "../api/law";
import type { LevelInfo } from "./acl";

/** A kind of object with its levels, lowest first, and its abilities in the law's order. */
export interface KindLaw {
  kind: string;
  levels: readonly LevelInfo[];
  abilities: readonly { ability: string; title: string; least_level?: string }[];
}

/** The kinds that have permissions of their own. The workspace itself has none: its levels come as null. */
export function useKinds(): readonly KindLaw[] {
  const kinds: readonly (Omit<KindLaw, "levels"> & { levels: readonly LevelInfo[] | null })[] = useLaw().data?.kinds ?? [];
  return kinds.flatMap(({ levels, ...rest }) => (levels && levels.length > 0 ? [{ ...rest, levels }] : []));
}

/** One of them. */
export function useKind(kind: string | undefined): KindLaw | undefined {
  return useKinds().find((k) => k.kind === kind);
}
