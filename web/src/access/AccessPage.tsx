import { useSearchParams } from "react-router";
import { Page as Screen, Tabs } from "../ui";
import { ByPerson } from "./WhatCan";
import { ByAbility, ByObject, type AccessQuestion } from "./WhoCan";

type Name = "by" | "object" | "ability" | "kind" | "principal";

/** The question stands in the address, so that it can be linked. */
function useQuestion() {
  const [params, setParams] = useSearchParams();
  const get = (name: Name) => params.get(name) ?? undefined;
  const set = (next: Partial<Record<Name, string | undefined>>) => {
    setParams((old) => {
      const now = new URLSearchParams(old);
      for (const [name, value] of Object.entries(next)) {
        if (value === undefined || value === "") now.delete(name);
        else now.set(name, value);
      }
      return now;
    });
  };
  return { get, set };
}

/** Who can do what: asked by object, by ability or by person. */
export function Page() {
  const { get, set } = useQuestion();
  const by = get("by") ?? (get("principal") === undefined ? "object" : "person");
  const question: AccessQuestion = { object: get("object"), ability: get("ability"), kind: get("kind"), set };
  const tabs = [
    { id: "object", title: "By object", content: <ByObject {...question} /> },
    { id: "ability", title: "By ability", content: <ByAbility {...question} /> },
    { id: "person", title: "By person", content: <ByPerson principal={get("principal")} kind={get("kind")} set={set} /> },
  ];
  // The kind means something else in each way of asking.
  const select = (id: string) => set({ by: id, kind: undefined, ...(id === "ability" ? { ability: undefined } : {}) });
  return (
    <Screen title="Who can" about="Who has access to what, through which group, and where it was given. Groups are expanded to the people in them.">
      <Tabs label="Ways to ask" tabs={tabs} selected={by} onSelect={select} />
    </Screen>
  );
}
