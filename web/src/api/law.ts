import { useQuery } from "@tanstack/react-query";
import { get } from "./client";

interface LawRow {
  ability: string;
  title: string;
  least_level?: string;
}

interface LawKind {
  kind: string;
  request: string;
  /** Empty where a kind has no levels of its own, as the workspace. */
  levels: { permission_level: string; description: string }[];
  abilities: LawRow[];
}

interface Law {
  kinds: LawKind[];
}

/** The law as the server has it: kinds, their levels and abilities. Read once. */
export function useLaw() {
  return useQuery({ queryKey: ["/abilities"], queryFn: () => get<Law>("/abilities"), staleTime: Infinity });
}

/** Looks up the words of an ability; of any kind that has it when the kind is not given. */
export function useAbilityLaw() {
  const { data } = useLaw();
  return (ability: string, kind?: string) => {
    const kinds = data?.kinds ?? [];
    const own = kinds.filter((k) => kind === undefined || k.kind === kind || k.request === kind);
    const row = (own.length > 0 ? own : kinds).flatMap((k) => k.abilities).find((a) => a.ability === ability);
    return row ? { title: row.title, least: row.least_level } : undefined;
  };
}
