import { useState } from "react";
import { useGet } from "../api/hooks";
import type { PrincipalRef } from "../api/types";
import { ComboBox, KindIcon, type Option } from "../ui";
import { keyOf, shownName } from "./acl";
import { whoSentence } from "./sentences";
import { useSettled } from "./usePermissions";

/** A user, group or service principal as GET /principals answers it. */
export interface Principal extends PrincipalRef {
  display_name?: string;
  active?: boolean;
  members?: number;
}

export interface PrincipalPickerProps {
  label: string;
  hint?: string;
  error?: string | undefined;
  placeholder?: string;
  /** Kinds to choose from, e.g. "user,service-principal"; all when absent. */
  kinds?: string;
  value: Principal | null;
  onChange: (principal: Principal | null) => void;
  /** What is to be said of one instead of its kind, e.g. that it is there already; `fixed` ones cannot be chosen. */
  note?: (principal: Principal) => { text: string; fixed?: boolean } | undefined;
}

const most = 30;

/** A field that searches users, groups and service principals by name. */
export function PrincipalPicker({ label, hint, error, placeholder, kinds, value, onChange, note }: PrincipalPickerProps) {
  const [input, setInput] = useState(() => (value ? shownName(whoOf(value)) : ""));
  const q = useSettled(input, 180);
  const search = useGet<{ principals: Principal[] }>("/principals", { q, kinds, max_results: most }, { keep: true });
  // While the answer is not there yet, what the last one had is narrowed here, so that Enter never takes somebody of another name.
  const stale = q !== input || search.isPlaceholderData;
  const found = (search.data?.principals ?? []).filter((p) => !stale || isNamed(p, input));
  const all = value && input === shownName(whoOf(value)) && !found.some((p) => p.id === value.id) ? [value, ...found] : found;
  const choose = (key: string | null) => {
    const chosen = all.find((p) => p.id === key) ?? null;
    if (chosen) setInput(shownName(whoOf(chosen)));
    onChange(chosen);
  };
  return (
    <ComboBox
      label={label}
      hint={hint}
      error={error}
      placeholder={placeholder ?? "Name of a user, group or service principal"}
      options={all.map((p) => optionOf(p, note?.(p)))}
      value={value?.id ?? null}
      onChange={choose}
      input={input}
      onInputChange={setInput}
      allowsCustomValue
      isLoading={stale || search.isPending}
      emptyText={search.error ? search.error.message : "Nobody has this name."}
    />
  );
}

const isNamed = (p: Principal, text: string): boolean => `${p.name}\n${p.display_name ?? ""}`.toLowerCase().includes(text.trim().toLowerCase());

function optionOf(principal: Principal, note: { text: string; fixed?: boolean } | undefined): Option {
  const who = whoOf(principal);
  const off = principal.active === false ? " · inactive" : "";
  return {
    value: principal.id,
    text: shownName(who),
    what: note ? `${whoSentence(who)}${off} · ${note.text}` : whoSentence(who) + off,
    icon: <KindIcon kind={who.kind} />,
    disabled: note?.fixed ?? false,
  };
}

/** A principal as entries name it. */
export const whoOf = (p: Principal) => ({ kind: p.kind, name: p.name, display: p.display_name, members: p.kind === "group" ? p.members : undefined });

export const keyOfPrincipal = (p: Principal): string => keyOf(p);
