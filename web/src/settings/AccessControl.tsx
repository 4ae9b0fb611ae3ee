import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { post } from "../api/client";
import { EffectSummary, type Effect } from "../access/EffectSummary";
import { AlertDialog, Allowed, Badge, Button, Dialog, kindWords, notify, plural, Problem, Section, Skeleton, TextField } from "../ui";
import styles from "./Settings.module.css";
import { isOn, useConf, useSetConf, useWorkspace, type Conf } from "./workspace";

/** The switches of the workspace: access control with its consequences, what may be seen, two persons, how long tokens live. */
export function AccessControl() {
  const conf = useConf();
  if (conf.error) return <Problem error={conf.error} onRetry={() => void conf.refetch()} />;
  if (!conf.data) return <Skeleton lines={8} />;
  return (
    <div className="stack">
      <Control conf={conf.data} />
      <Choice
        name="enforceWorkspaceViewAcls"
        conf={conf.data}
        title="Hide what a person may not view"
        on="Names of folders and notebooks are listed only for those who may view them."
        off="Everybody may list the names in a folder, as in Databricks; contents are never shown."
      />
      <Choice
        name="requireTwoPersonsForProduction"
        conf={conf.data}
        title="Two persons for Production"
        on="No model's version comes into Production by one person alone: who asks may not approve, direct transitions are refused."
        off="Who manages a model's production versions may move them alone, unless the model itself asks for two persons."
      />
      <TokenLife conf={conf.data} />
    </div>
  );
}

const consequences = {
  on: [
    "Only administrators create in the Workspace folder; new items there have no permissions until somebody gives them.",
    "Registered models give nothing to those who did not create them.",
    "Folders at the top that were made while control was off keep what people could do: everybody gets Can manage there as an entry that you can change.",
    "Users, Shared and what lies below them are left as they are.",
  ],
  off: [
    "Everybody gets Can edit on the whole tree and may create in it.",
    "Everybody gets Can manage on all registered models.",
    "Entries are kept, and count again when control is switched on.",
  ],
};

/** The switch of access control: what it would do is shown, with whom it reaches, before anything changes. */
function Control({ conf }: { conf: Conf }) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const on = isOn(conf.enableWorkspaceAcls);
  return (
    <Section title="Access control">
      <div className="card stack">
        <p className="row">
          <Badge tone={on ? "good" : "warn"}>{on ? "On" : "Off"}</Badge>
          {on ? "People reach what they were given, and nothing else." : "Everybody may edit the tree and manage all models."}
        </p>
        <div>
          <Allowed ability="manage-settings" on={workspace}>
            <Button
              onPress={() => {
                setAsking(true);
              }}
            >
              {on ? "Switch off…" : "Switch on…"}
            </Button>
          </Allowed>
        </div>
      </div>
      {asking ? (
        <SwitchDialog
          to={!on}
          close={() => {
            setAsking(false);
          }}
        />
      ) : null}
    </Section>
  );
}

function SwitchDialog({ to, close }: { to: boolean; close: () => void }) {
  const value = to ? "true" : "false";
  const effect = useQuery<Effect>({
    queryKey: ["/workspace-conf/preview", value],
    queryFn: () => post<Effect>("/workspace-conf/preview", { enableWorkspaceAcls: value }),
    staleTime: 0,
  });
  const set = useSetConf(() => {
    notify(`Access control is ${to ? "on" : "off"}.`);
    close();
  });
  return (
    <Dialog
      isOpen
      onOpenChange={close}
      title={to ? "Switch access control on" : "Switch access control off"}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button
            variant={to ? "primary" : "destroy"}
            isPending={set.isPending}
            onPress={() => {
              set.mutate({ enableWorkspaceAcls: value });
            }}
          >
            {to ? "Switch on" : "Switch off"}
          </Button>
        </>
      }
    >
      <div className="stack">
        <ul className={styles.list}>
          {consequences[to ? "on" : "off"].map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
        {effect.isPending ? <Skeleton lines={3} /> : null}
        {effect.error ? <Problem error={effect.error} /> : null}
        {effect.data ? <Kept effect={effect.data} /> : null}
        {effect.data ? <EffectSummary effect={effect.data} what="this switch" /> : null}
        {set.error ? <Problem error={set.error} /> : null}
      </div>
    </Dialog>
  );
}

/** What everybody will manage because it was made while control was off. */
function Kept({ effect }: { effect: Effect }) {
  const kept = effect.gets_manage ?? [];
  if (kept.length === 0) return null;
  return (
    <section aria-label="Everybody gets Can manage on">
      <h3>Everybody gets Can manage on {plural(kept.length, "item")}</h3>
      <ul className={styles.kept}>
        {kept.map((item) => (
          <li key={item.object} className="break">
            {item.path ?? item.name} <span className="faint">{kindWords(item.kind)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ChoiceProps {
  name: "enforceWorkspaceViewAcls" | "requireTwoPersonsForProduction";
  conf: Conf;
  title: string;
  on: string;
  off: string;
}

function Choice({ name, conf, title, on, off }: ChoiceProps) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const set = useSetConf(() => {
    notify(`${title}: ${isOn(conf[name]) ? "off" : "on"}.`);
  });
  const is = isOn(conf[name]);
  return (
    <Section title={title}>
      <div className="card stack">
        <p className="row">
          <Badge tone={is ? "good" : "plain"}>{is ? "On" : "Off"}</Badge>
          <span>{is ? on : off}</span>
        </p>
        <div>
          <Allowed ability="manage-settings" on={workspace}>
            <Button
              aria-label={`${is ? "Switch off" : "Switch on"}: ${title}`}
              onPress={() => {
                setAsking(true);
              }}
            >
              {is ? "Switch off…" : "Switch on…"}
            </Button>
          </Allowed>
        </div>
      </div>
      {asking ? (
        <AlertDialog
          isOpen
          onOpenChange={setAsking}
          title={`${title}: switch ${is ? "off" : "on"}?`}
          action={is ? "Switch off" : "Switch on"}
          harmless={!is}
          onConfirm={() => set.mutateAsync({ [name]: is ? "false" : "true" })}
        >
          {is ? off : on} It holds at once, for everybody.
        </AlertDialog>
      ) : null}
    </Section>
  );
}

function TokenLife({ conf }: { conf: Conf }) {
  const workspace = useWorkspace();
  const [days, setDays] = useState(conf.maxTokenLifetimeDays ?? "");
  const set = useSetConf(() => {
    notify("The longest life of new tokens was set.");
  });
  return (
    <Section title="Longest life of new tokens">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({ maxTokenLifetimeDays: days.trim() });
        }}
      >
        <div className={styles.short}>
          <TextField label="Days" type="number" hint="Empty or 0 sets no limit. Tokens that are there keep their end." value={days} onChange={setDays} />
        </div>
        <div>
          <Allowed ability="manage-settings" on={workspace}>
            <Button type="submit" isPending={set.isPending}>
              Save
            </Button>
          </Allowed>
        </div>
        {set.error ? <Problem error={set.error} /> : null}
      </form>
    </Section>
  );
}
