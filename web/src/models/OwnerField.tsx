import { useState } from "react";
import { useGet } from "../api/hooks";
import type { PrincipalRef } from "../api/types";
import { ComboBox, kindWords } from "../ui";
import { useSettled } from "./useFilter";

export interface OwnerFieldProps {
  label: string;
  value: string;
  onChange: (name: string) => void;
  hint?: string;
}

/** Finds a user, group or service principal by name. What is typed counts as it stands, too. */
export function OwnerField({ label, value, onChange, hint }: OwnerFieldProps) {
  const [text, setText] = useState(value);
  const settled = useSettled(text);
  const found = useGet<{ principals: PrincipalRef[] }>("/principals", { q: settled, max_results: 20 }, { keep: true });
  const options = (found.data?.principals ?? []).map((p) => ({ value: p.name, text: p.name, what: kindWords(p.kind) }));
  return (
    <ComboBox
      label={label}
      hint={hint}
      options={options}
      value={options.some((o) => o.value === value) ? value : null}
      onChange={(name) => {
        if (name === null) return;
        setText(name);
        onChange(name);
      }}
      input={text}
      onInputChange={(next) => {
        setText(next);
        if (next === "") onChange("");
      }}
      emptyText="Nobody has this name."
      isLoading={found.isFetching}
      placeholder="Anybody"
    />
  );
}
