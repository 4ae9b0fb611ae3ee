import { useState } from "react";
import { ShieldQuestion } from "lucide-react";
import { useObject } from "../api/hooks";
import type { ObjectRef } from "../api/types";
import { Button, ComboBox, Empty, kindWords, levelWords, Problem, Select, Skeleton, type Option } from "../ui";
import { usePermissionsDialog } from "../app/permissions";
import styles from "./Access.module.css";
import { leastAbility } from "./holding";
import { Holders } from "./Holders";
import { useKind, useKinds } from "./kinds";
import { ObjectPicker } from "./ObjectPicker";

export interface AccessQuestion {
  object: string | undefined;
  ability: string | undefined;
  kind: string | undefined;
  set: (next: { object?: string | undefined; ability?: string | undefined; kind?: string | undefined }) => void;
}

/** Who has access to an object, or a chosen ability on it. */
export function ByObject({ object: text, ability, set }: AccessQuestion) {
  const asked = useObject(text);
  const object = text === undefined ? undefined : asked.data;
  const law = useKind(object?.kind);
  const any = leastAbility(law?.abilities ?? [], law?.levels ?? []);
  const chosen = law?.abilities.some((a) => a.ability === ability) ? ability : any;
  if (text !== undefined && asked.isPending) return <Skeleton lines={6} label="Loading the object" />;
  return (
    <div className="stack">
      <div className={styles.ask}>
        <ObjectPicker key={object?.object ?? ""} label="Object" value={object ?? null} onChange={(o) => o && set({ object: o.object, ability: undefined })} />
        {object ? <AbilitySelect kind={object.kind} value={chosen ?? ""} onChange={(a) => set({ ability: a })} /> : null}
        {object ? <OpenPermissions object={object} /> : null}
      </div>
      {asked.error && text !== undefined ? <Problem title="The object is not shown." error={asked.error} object={text} /> : null}
      {object && chosen ? <Holders object={object} ability={chosen} /> : null}
      {text === undefined ? (
        <Empty icon={<ShieldQuestion aria-hidden="true" />} title="Choose an object">
          <p>Everybody who has access to it is listed, with the group and the folder that it comes through.</p>
        </Empty>
      ) : null}
    </div>
  );
}

function OpenPermissions({ object }: { object: ObjectRef }) {
  const dialog = usePermissionsDialog();
  return <Button onPress={() => dialog.open({ object })}>Permissions</Button>;
}

function AbilitySelect({ kind, value, onChange }: { kind: string; value: string; onChange: (ability: string) => void }) {
  const law = useKind(kind);
  const options = (law?.abilities ?? []).map((a) => ({
    value: a.ability,
    text: a.title,
    what: a.least_level ? `${a.ability} · from ${levelWords(a.least_level)}` : a.ability,
  }));
  return <Select label="Ability" options={options} value={value} onChange={onChange} />;
}

/** The other way round: first what somebody might do, then on which object of the kind that has this ability. */
export function ByAbility({ object: text, ability, kind, set }: AccessQuestion) {
  const asked = useObject(text);
  const object = text !== undefined && asked.data?.kind === kind ? asked.data : undefined;
  const chosen = kind !== undefined && ability !== undefined;
  return (
    <div className="stack">
      <div className={styles.ask}>
        <AnyAbility kind={kind} ability={ability} onChange={(k, a) => set({ kind: k, ability: a, object: k === kind ? text : undefined })} />
        {chosen ? (
          <ObjectPicker
            key={`${kind} ${object?.object ?? ""}`}
            label={`On which ${kindWords(kind)}`}
            kind={kind}
            value={object ?? null}
            onChange={(o) => o && set({ object: o.object })}
          />
        ) : null}
      </div>
      {asked.error && text !== undefined ? <Problem title="The object is not shown." error={asked.error} object={text} /> : null}
      {object && chosen ? <Holders object={object} ability={ability} /> : null}
      {!object ? (
        <Empty icon={<ShieldQuestion aria-hidden="true" />} title={chosen ? `Choose a ${kindWords(kind)}` : "Choose an ability"}>
          <p>Everybody who has the ability on the object is listed, groups expanded.</p>
        </Empty>
      ) : null}
    </div>
  );
}

interface AnyAbilityProps {
  kind: string | undefined;
  ability: string | undefined;
  onChange: (kind: string, ability: string) => void;
}

/** All abilities of all kinds, searched by their titles. */
function AnyAbility({ kind, ability, onChange }: AnyAbilityProps) {
  const kinds = useKinds();
  const all = kinds.flatMap((k) => k.abilities.map((a): Option => ({ value: `${k.kind} ${a.ability}`, text: a.title, what: `${kindWords(k.kind)} · ${a.ability}` })));
  const value = kind && ability ? `${kind} ${ability}` : null;
  const [input, setInput] = useState<string>();
  const shown = input ?? all.find((o) => o.value === value)?.text ?? "";
  const now = all.find((o) => o.value === value);
  const needle = shown === now?.text ? "" : shown.toLowerCase();
  const options = all.filter((o) => `${o.text} ${o.what ?? ""}`.toLowerCase().includes(needle));
  const choose = (key: string | null) => {
    const option = all.find((o) => o.value === key);
    if (!option) return;
    setInput(option.text);
    const [k = "", a = ""] = option.value.split(" ");
    onChange(k, a);
  };
  return (
    <ComboBox label="Ability" placeholder="What somebody might do" options={options} value={value} onChange={choose} input={shown} onInputChange={setInput} emptyText="No ability is called that." allowsCustomValue />
  );
}
