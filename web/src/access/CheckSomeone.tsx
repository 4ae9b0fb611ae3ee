import { useState } from "react";
import { CircleCheck, CircleSlash } from "lucide-react";
import { useGet } from "../api/hooks";
import type { ObjectRef } from "../api/types";
import { useExplain } from "../app/explain";
import { Button, levelWords, Problem, Select, Spinner } from "../ui";
import { shownName } from "./acl";
import { holderSentence, leastAbility, type WhoCanAnswer } from "./holding";
import type { Effect } from "./effect";
import { useKind } from "./kinds";
import styles from "./Permissions.module.css";
import { PrincipalPicker, whoOf, type Principal } from "./PrincipalPicker";

export interface CheckSomeoneProps {
  object: ObjectRef;
  /** What saving would do, when something is staged. */
  effect: Effect | undefined;
}

/** Answers for one person whether he may do something with the object, and through what. */
export function CheckSomeone({ object, effect }: CheckSomeoneProps) {
  const law = useKind(object.kind);
  const [principal, setPrincipal] = useState<Principal | null>(null);
  const [chosen, setChosen] = useState<string>();
  const ability = chosen ?? leastAbility(law?.abilities ?? [], law?.levels ?? []) ?? "";
  const options = (law?.abilities ?? []).map((a) => ({ value: a.ability, text: a.title, what: a.least_level ? `From ${levelWords(a.least_level)}` : undefined }));
  return (
    <div className="stack" style={{ gap: "var(--s2)" }}>
      <div className={styles.check}>
        <PrincipalPicker label="Check someone" placeholder="User or service principal" kinds="user,service-principal" value={principal} onChange={setPrincipal} />
        <Select label="May they" options={options} value={ability} onChange={setChosen} />
      </div>
      {principal && ability ? <Verdict object={object} principal={principal} ability={ability} effect={effect} /> : null}
    </div>
  );
}

interface VerdictProps extends CheckSomeoneProps {
  principal: Principal;
  ability: string;
}

function Verdict({ object, principal, ability, effect }: VerdictProps) {
  const explain = useExplain();
  const query = useGet<WhoCanAnswer>("/who-can", { object: object.object, ability });
  if (query.error) return <Problem error={query.error} object={object.object} />;
  if (!query.data) return <Spinner label="Checking…" />;
  const holder = query.data.principals.find((h) => h.id === principal.id);
  const after = effect?.changes.find((c) => c.principal.id === principal.id);
  const name = shownName(whoOf(principal));
  return (
    <div className={styles.verdict} role="status">
      {holder ? <CircleCheck size={16} aria-hidden="true" /> : <CircleSlash size={16} aria-hidden="true" />}
      <div>
        <strong>
          <bdi className="break">{name}</bdi> {holder ? "may" : "may not"}
        </strong>
        {holder ? <span> · {holderSentence(holder, object)}</span> : <span> · nothing gives it.</span>}
        {after ? <div className="muted">After saving: {levelWords(after.after)}.</div> : null}
      </div>
      <Button size="s" onPress={() => explain.open({ object: object.object, ability, principal: principal.name })}>
        Why
      </Button>
    </div>
  );
}
