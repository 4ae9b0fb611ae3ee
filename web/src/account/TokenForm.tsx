import { useState } from "react";
import { Button, Checkbox, Code, Dialog, Notice, Problem, Select, Skeleton, TextField } from "../ui";
import styles from "./Account.module.css";
import { ClientLines } from "./ClientLines";
import { lifetimes, useCreateToken, useTokenScopes, wishOf, type CreatedToken, type TokenScope } from "./tokens";

export interface NewTokenDialogProps {
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Makes a token and shows its value, once. */
export function NewTokenDialog({ isOpen, onOpenChange }: NewTokenDialogProps) {
  const [created, setCreated] = useState<CreatedToken>();
  const close = () => {
    onOpenChange(false);
    setCreated(undefined);
  };
  if (created) return <Value isOpen={isOpen} created={created} close={close} />;
  return <Form isOpen={isOpen} close={close} done={setCreated} />;
}

function Form({ isOpen, close, done }: { isOpen: boolean; close: () => void; done: (created: CreatedToken) => void }) {
  const [comment, setComment] = useState("");
  const [lifetime, setLifetime] = useState("90");
  const [chosen, setChosen] = useState<string[]>();
  const create = useCreateToken(done);
  const noScope = chosen?.length === 0;
  const submit = () => {
    if (!noScope) create.mutate(wishOf(comment, lifetime, chosen));
  };
  const footer = (
    <>
      <Button onPress={close}>Cancel</Button>
      <Button variant="primary" isPending={create.isPending} isDisabled={noScope} onPress={submit}>
        Create token
      </Button>
    </>
  );
  return (
    <Dialog isOpen={isOpen} onOpenChange={close} title="New token" about="It acts as you, with what you may do." footer={footer} isDismissable={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField label="What it is for" value={comment} onChange={setComment} placeholder="Notebook on my laptop" autoComplete="off" hint="Shown in this list and in the audit log." />
        <Select label="Lifetime" options={lifetimes} value={lifetime} onChange={setLifetime} />
        <Scopes chosen={chosen} onChange={setChosen} />
        {create.error ? <Problem error={create.error} title="The token was not made." /> : null}
      </form>
    </Dialog>
  );
}

function Scopes({ chosen, onChange }: { chosen: string[] | undefined; onChange: (chosen: string[] | undefined) => void }) {
  const offered = useTokenScopes(true);
  const whole = offered.data?.whole ?? true;
  return (
    <fieldset className={styles.scopes}>
      <legend>Reach</legend>
      <Checkbox isSelected={chosen === undefined} onChange={(all) => onChange(all ? undefined : (offered.data?.scopes ?? []).filter((s) => s.held).slice(0, 1).map((s) => s.scope))}>
        {whole ? "Everything that I may do" : "As far as this session, which was opened with a narrow token"}
      </Checkbox>
      {chosen === undefined ? null : <ScopeGrid scopes={offered.data?.scopes} error={offered.error} chosen={chosen} onChange={onChange} />}
      {chosen?.length === 0 ? <p className={styles.wrong}>Choose at least one.</p> : null}
    </fieldset>
  );
}

interface ScopeGridProps {
  scopes: readonly TokenScope[] | undefined;
  error: Error | null;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

function ScopeGrid({ scopes, error, chosen, onChange }: ScopeGridProps) {
  if (error) return <Problem error={error} title="What a token can reach could not be read." />;
  if (!scopes) return <Skeleton lines={3} label="Reading what a token can reach" />;
  const toggle = (scope: string, on: boolean) => onChange(on ? [...chosen, scope] : chosen.filter((s) => s !== scope));
  return (
    <div className={styles.scopeGrid}>
      {scopes.map(({ scope, what, held }) => (
        <Checkbox key={scope} isSelected={chosen.includes(scope)} isDisabled={!held} onChange={(on) => toggle(scope, on)}>
          {scope} <span className="faint small">{held ? what : "not within this session's reach"}</span>
        </Checkbox>
      ))}
    </div>
  );
}

function Value({ isOpen, created, close }: { isOpen: boolean; created: CreatedToken; close: () => void }) {
  const footer = (
    <Button variant="primary" onPress={close}>
      I have copied it
    </Button>
  );
  return (
    <Dialog isOpen={isOpen} onOpenChange={close} title="Your new token" footer={footer} isDismissable={false}>
      <div className="stack">
        <Notice tone="warn">Copy it now: its value is not kept and cannot be shown again.</Notice>
        <Code text={created.token_value} what="token" wrap />
        <ClientLines token={created.token_value} />
      </div>
    </Dialog>
  );
}
