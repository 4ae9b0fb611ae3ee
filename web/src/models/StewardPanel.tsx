import { useState, type SubmitEvent } from "react";
import { PenLine } from "lucide-react";
import { Allowed, Badge, Button, Dialog, IconButton, notify, Problem, Select, TextField, type Tone } from "../ui";
import { changeSteward, useModelChange, type StewardChange } from "./changes";
import styles from "./Models.module.css";
import { Owner } from "./ModelsTable";
import { OwnerField } from "./OwnerField";
import type { Model } from "./types";

const tierTones: Record<string, Tone> = { critical: "bad", high: "warn", medium: "plain", low: "outline" };

/** Who answers for a model, how much depends on it, and how far it is in its life. */
export function StewardPanel({ model }: { model: Model }) {
  const [edits, setEdits] = useState(false);
  const { steward } = model;
  return (
    <section className={styles.panel} aria-label="Stewardship">
      <div className={styles.panelHead}>
        <h2>Stewardship</h2>
        <Allowed ability="set-model-governance" on={model}>
          <IconButton label="Edit the stewardship" size="s" onPress={() => setEdits(true)}>
            <PenLine aria-hidden="true" />
          </IconButton>
        </Allowed>
      </div>
      <dl className="facts">
        <dt>Owner</dt>
        <dd>
          <Owner name={steward.owner} unowned={steward.unowned} />
        </dd>
        <dt>Contact</dt>
        <dd>{steward.contact ?? <span className="faint">none</span>}</dd>
        <dt>Tier</dt>
        <dd>{steward.tier ? <Badge tone={tierTones[steward.tier] ?? "plain"}>{steward.tier}</Badge> : <span className="faint">none</span>}</dd>
        <dt>Lifecycle</dt>
        <dd>{steward.lifecycle ? <Badge tone={steward.lifecycle === "deprecated" ? "warn" : "plain"}>{steward.lifecycle}</Badge> : <span className="faint">none</span>}</dd>
      </dl>
      {edits ? <StewardDialog model={model} close={() => setEdits(false)} /> : null}
    </section>
  );
}

const choices = (none: string, list: readonly string[]) => [{ value: "none", text: none }, ...list.map((value) => ({ value, text: value }))];
const tiers = choices("No tier", ["critical", "high", "medium", "low"]);
const lifecycles = choices("Not said", ["experimental", "active", "deprecated", "retired"]);
const valueOf = (value: string) => (value === "none" ? "" : value);

function StewardDialog({ model, close }: { model: Model; close: () => void }) {
  const { steward } = model;
  const [owner, setOwner] = useState(steward.owner);
  const [contact, setContact] = useState(steward.contact ?? "");
  const [tier, setTier] = useState(steward.tier ?? "none");
  const [lifecycle, setLifecycle] = useState(steward.lifecycle ?? "none");
  const change = useModelChange(model.name, (next: StewardChange) => changeSteward(model.object, next), () => {
    notify("Saved the stewardship.");
    close();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const next: StewardChange = { contact, tier: valueOf(tier), lifecycle: valueOf(lifecycle) };
    // An owner who was not touched is not sent: the server would refuse one that is gone.
    change.mutate(owner === steward.owner ? next : { ...next, owner });
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title="Stewardship"
      about={<bdi>{model.name}</bdi>}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="edit-steward" isPending={change.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id="edit-steward" className="stack" onSubmit={submit}>
        <OwnerField label="Owner" value={owner} onChange={setOwner} hint="Answers for the model; gets no permissions by it. Empty: its creator." />
        <TextField label="Contact" value={contact} onChange={setContact} hint="Where to ask. Refusals name it." />
        <div className={styles.two}>
          <Select label="Tier" options={tiers} value={tier} onChange={setTier} />
          <Select label="Lifecycle" options={lifecycles} value={lifecycle} onChange={setLifecycle} />
        </div>
        {change.error ? <Problem error={change.error} title="The stewardship was not saved." /> : null}
      </form>
    </Dialog>
  );
}
