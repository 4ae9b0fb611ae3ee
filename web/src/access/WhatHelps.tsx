import { CircleCheck, CircleSlash, Mail } from "lucide-react";
import type { Refusal } from "../api/types";
import { Copy, KindIcon, LevelBadge, levelWords } from "../ui";
import { describe } from "./AddPrincipals";
import styles from "./Explain.module.css";
import { levelOf } from "./holding";
import { useKind } from "./kinds";
import type { Decision } from "./useDecision";

/** The answer in one line: allowed or not, and the level it rests on. */
export function Verdict({ decision, title }: { decision: Decision; title: string }) {
  const Icon = decision.allowed ? CircleCheck : CircleSlash;
  return (
    <div className={styles.verdict} data-allowed={decision.allowed}>
      <Icon size={18} aria-hidden="true" />
      <div>
        <strong>{decision.allowed ? "Allowed" : "Not allowed"}: </strong>
        {title}
        <div className={styles.level}>
          <bdi className="break">{decision.principal.name}</bdi> has <LevelBadge level={levelOf(decision.level)} />
        </div>
      </div>
    </div>
  );
}

/** The level that would give what is missing, who can give it, and whom to ask. */
export function WhatHelps({ refusal, kind }: { refusal: Refusal; kind: string | undefined }) {
  const { givers = [], ask } = refusal;
  const named = givers.some((g) => g.name === ask || `group ${g.name}` === ask);
  return (
    <section className="stack" style={{ gap: "var(--s2)" }} aria-label="What would help">
      <h3>What would help</h3>
      <Needed level={refusal.level_needed} kind={kind} />
      {givers.length > 0 ? (
        <>
          <p className="muted">Who can give it:</p>
          <ul role="list" className={styles.givers}>
            {givers.map((giver) => (
              <Giver key={giver.principal} name={giver.name} group={giver.group ?? false} />
            ))}
          </ul>
        </>
      ) : null}
      {ask && !named ? (
        <p>
          Ask <bdi className="break">{ask}</bdi>
          <MailTo name={ask} />
        </p>
      ) : null}
    </section>
  );
}

function Needed({ level, kind }: { level: string | undefined; kind: string | undefined }) {
  const law = useKind(kind);
  const needed = levelOf(level);
  if (needed === "") return <p>No level on the object gives this.</p>;
  const info = law?.levels.find((l) => l.permission_level === needed);
  return (
    <p>
      It takes <strong>{levelWords(needed)}</strong>
      {info ? <span className="muted">: {describe(info)}.</span> : "."}
    </p>
  );
}

function Giver({ name, group }: { name: string; group: boolean }) {
  return (
    <li>
      <KindIcon kind={group ? "group" : "user"} />
      <bdi className="break">{name}</bdi>
      {group ? <span className="muted small">group</span> : null}
      <MailTo name={name} />
      <Copy text={name} what={`the name ${name}`} />
    </li>
  );
}

function MailTo({ name }: { name: string }) {
  if (!/^[^\s@:?&]+@[^\s@:?&]+\.[^\s@:?&]+$/.test(name)) return null;
  return (
    <a href={`mailto:${encodeURIComponent(name)}`} className={styles.mail} aria-label={`Write to ${name}`} title={`Write to ${name}`}>
      <Mail size={15} aria-hidden="true" />
    </a>
  );
}
