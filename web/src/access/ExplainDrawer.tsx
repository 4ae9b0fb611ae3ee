import { useState } from "react";
import { useAbilityLaw, useLaw } from "../api/law";
import type { Refusal } from "../api/types";
import type { ExplainRequest } from "../app/explain";
import { Drawer, KindIcon, Problem, Select, Skeleton } from "../ui";
import styles from "./Explain.module.css";
import { ObjectLink } from "./InheritedEntries";
import { PathGraph } from "./PathGraph";
import { graphOf, sentenceOf } from "./path";
import { useDecision, type Decision } from "./useDecision";
import { Verdict, WhatHelps } from "./WhatHelps";

export interface ExplainDrawerProps {
  request: ExplainRequest;
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Why somebody may or may not do something with an object: the path as sentences and as a graph, what is missing, and who can give it. */
export function ExplainDrawer({ request, isOpen, onOpenChange }: ExplainDrawerProps) {
  // A new question begins anew: what was chosen in the drawer belongs to the last one.
  const key = `${request.object} ${request.ability} ${request.principal ?? ""}`;
  return <Explained key={key} {...{ request, isOpen, onOpenChange }} />;
}

function Explained({ request, isOpen, onOpenChange }: ExplainDrawerProps) {
  const [ability, setAbility] = useState(request.ability);
  const query = useDecision({ object: request.object, ability, principal: request.principal }, isOpen);
  const decision = query.data;
  const title = titleOf(decision, request);
  return (
    <Drawer isOpen={isOpen} onOpenChange={onOpenChange} title={title} about={decision ? <About decision={decision} /> : undefined}>
      <div className={styles.explained}>
        <AbilityPicker kind={decision?.object.kind ?? request.refusal?.kind} value={ability} onChange={setAbility} />
        {decision ? <Told decision={decision} /> : query.error ? <Fallback request={request} error={query.error} /> : <Skeleton lines={5} label="Asking why" />}
      </div>
    </Drawer>
  );
}

function titleOf(decision: Decision | undefined, request: ExplainRequest): string {
  if (!decision) return request.refusal ? "Why this is refused" : "Why";
  const who = request.principal === undefined ? "you" : decision.principal.name;
  return decision.allowed ? `Why ${who} may` : `Why ${who} may not`;
}

function About({ decision }: { decision: Decision }) {
  return (
    <span className={styles.about}>
      <KindIcon kind={decision.object.kind} />
      <ObjectLink object={decision.object} apart />
    </span>
  );
}

interface AbilityPickerProps {
  kind: string | undefined;
  value: string;
  onChange: (ability: string) => void;
}

/** What is asked about; another ability of the same object can be asked about at once. */
function AbilityPicker({ kind, value, onChange }: AbilityPickerProps) {
  const law = useLaw().data?.kinds.find((k) => k.kind === kind);
  if (!law) return null;
  const options = law.abilities.map((a) => ({ value: a.ability, text: a.title, what: a.ability }));
  return <Select label="Ability" options={options} value={value} onChange={onChange} />;
}

function Told({ decision }: { decision: Decision }) {
  const law = useAbilityLaw();
  const title = decision.refusal?.title ?? law(decision.ability, decision.object.kind)?.title ?? decision.ability;
  return (
    <>
      <Verdict decision={decision} title={title} />
      <section className="stack" style={{ gap: "var(--s3)" }} aria-label="The path of the decision">
        <h3>How it was decided</h3>
        <ol className={styles.steps}>
          {decision.path.map((step, i) => (
            <li key={i}>{sentenceOf(step, title, decision.allowed)}</li>
          ))}
        </ol>
        <PathGraph graph={graphOf(decision, title)} />
      </section>
      {decision.refusal ? <WhatHelps refusal={decision.refusal} kind={decision.object.kind} /> : null}
    </>
  );
}

/** When nothing can be asked, what the refusal itself told is shown. */
function Fallback({ request, error }: { request: ExplainRequest; error: Error }) {
  const refusal: Refusal | undefined = request.refusal;
  if (!refusal) return <Problem title="The reason cannot be shown." error={error} />;
  return (
    <>
      {refusal.message ? <p className="break">{refusal.message}</p> : null}
      <p>
        Missing: <strong>{refusal.title}</strong>
      </p>
      <WhatHelps refusal={refusal} kind={refusal.kind} />
    </>
  );
}
