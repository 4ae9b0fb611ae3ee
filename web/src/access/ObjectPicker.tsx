import { useState } from "react";
import { useGet } from "../api/hooks";
import type { ObjectRef, Viewed } from "../api/types";
import { ComboBox, KindIcon, kindWords, type Option } from "../ui";
import { useKinds } from "./kinds";
import { objectTitle } from "./sentences";
import { useSettled } from "./usePermissions";

export interface ObjectPickerProps {
  label: string;
  /** Only objects of this kind. */
  kind?: string | undefined;
  value: ObjectRef | null;
  onChange: (object: ObjectRef | null) => void;
}

/** What is there once, and so is not found by its name. */
const roots: ObjectRef[] = [
  { object: "directories/0", kind: "directory", name: "Workspace", path: "/" },
  { object: "registered-models/root", kind: "registered-model", name: "root" },
  { object: "authorization/tokens", kind: "tokens", name: "tokens" },
];

/** A field that searches everything that has permissions, by name or path. */
export function ObjectPicker({ label, kind, value, onChange }: ObjectPickerProps) {
  const [input, setInput] = useState(() => (value ? objectTitle(value) : ""));
  const q = useSettled(input, 180).trim();
  const governed = useKinds().map((k) => k.kind);
  const kinds = kind ?? governed.join(",");
  const search = useGet<{ results: Viewed[] }>("/search", { q, kinds, max_results: 30 }, { keep: true, enabled: q !== "" && kinds !== "" });
  const rooted = roots.filter((r) => (kind === undefined || r.kind === kind) && objectTitle(r).toLowerCase().includes(q.toLowerCase()));
  // While the answer is not there yet, what the last one had is narrowed here, so that Enter never takes something of another name.
  const stale = q !== input.trim() || search.isPlaceholderData;
  const results = (search.data?.results ?? []).filter((o) => !stale || `${o.path ?? ""}\n${o.name}`.toLowerCase().includes(input.trim().toLowerCase()));
  const found: ObjectRef[] = q === "" ? rooted : [...results, ...rooted];
  const all = value && input === objectTitle(value) && !found.some((o) => o.object === value.object) ? [value, ...found] : found;
  const choose = (key: string | null) => {
    const chosen = all.find((o) => o.object === key) ?? null;
    if (chosen) setInput(objectTitle(chosen));
    onChange(chosen);
  };
  return (
    <ComboBox
      label={label}
      placeholder="Name or path"
      options={all.map(optionOf)}
      value={value?.object ?? null}
      onChange={choose}
      input={input}
      onInputChange={setInput}
      allowsCustomValue
      isLoading={q !== "" && (stale || search.isPending)}
      emptyText={search.error ? search.error.message : "Nothing has this name."}
    />
  );
}

const optionOf = (o: ObjectRef): Option => ({ value: o.object, text: objectTitle(o), what: kindWords(o.kind), icon: <KindIcon kind={o.kind} /> });
