import { useState, type SubmitEvent } from "react";
import { ArrowRightLeft, Plus, X } from "lucide-react";
import { AlertDialog, Allowed, Badge, Button, Dialog, IconButton, Link, Notice, notify, Problem, TextField, type AllowedOn } from "../ui";
import { deleteAlias, setAlias, useModelChange } from "./changes";
import styles from "./Models.module.css";
import { versionPage } from "./paths";
import type { Alias } from "./types";

export interface AliasesProps {
  name: string;
  aliases: readonly Alias[];
  on: AllowedOn;
  /** Of one version: only its aliases are shown, and new ones mean it. */
  version?: string | undefined;
  twoPersons: boolean;
}

/** What aliases of a model mean; moving one decides what is loaded by it, so it asks first. */
export function Aliases({ name, aliases, on, version, twoPersons }: AliasesProps) {
  const [edited, setEdited] = useState<Alias>();
  const [removed, setRemoved] = useState<Alias>();
  const shown = version === undefined ? aliases : aliases.filter((a) => a.version === version);
  const remove = useModelChange(name, (alias: string) => deleteAlias(name, alias), (_, alias) => notify(`Deleted the alias ${alias}.`));
  return (
    <section className={styles.panel} aria-label="Aliases">
      <div className={styles.panelHead}>
        <h2>Aliases</h2>
        <Allowed ability="set-alias" on={on}>
          <IconButton label="Set an alias" size="s" onPress={() => setEdited({ alias: "", version: version ?? "" })}>
            <Plus aria-hidden="true" />
          </IconButton>
        </Allowed>
      </div>
      {shown.length === 0 ? <span className="faint">none</span> : null}
      {shown.map((alias) => (
        <AliasRow key={alias.alias} name={name} alias={alias} on={on} onMove={() => setEdited(alias)} onRemove={() => setRemoved(alias)} />
      ))}
      {edited ? <AliasDialog name={name} start={edited} aliases={aliases} twoPersons={twoPersons} close={() => setEdited(undefined)} /> : null}
      {removed ? (
        <AlertDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setRemoved(undefined)}
          title="Delete the alias?"
          action="Delete alias"
          onConfirm={() => remove.mutateAsync(removed.alias)}
        >
          <p>
            <strong className="break">{removed.alias}</strong> means version {removed.version} of {name} now. Programs that load by it will find nothing.
          </p>
        </AlertDialog>
      ) : null}
    </section>
  );
}

interface AliasRowProps {
  name: string;
  alias: Alias;
  on: AllowedOn;
  onMove: () => void;
  onRemove: () => void;
}

function AliasRow({ name, alias, on, onMove, onRemove }: AliasRowProps) {
  return (
    <div className={styles.alias}>
      <Badge tone="accent" title={alias.alias}>
        @{alias.alias}
      </Badge>
      <Link to={versionPage(name, alias.version)}>version {alias.version}</Link>
      <Allowed ability="set-alias" on={on}>
        <IconButton label={`Move the alias ${alias.alias}`} size="s" onPress={onMove}>
          <ArrowRightLeft aria-hidden="true" />
        </IconButton>
        <IconButton label={`Delete the alias ${alias.alias}`} size="s" onPress={onRemove}>
          <X aria-hidden="true" />
        </IconButton>
      </Allowed>
    </div>
  );
}

interface AliasDialogProps {
  name: string;
  start: Alias;
  aliases: readonly Alias[];
  twoPersons: boolean;
  close: () => void;
}

function AliasDialog({ name, start, aliases, twoPersons, close }: AliasDialogProps) {
  const [alias, setName] = useState(start.alias);
  const [version, setVersion] = useState(start.version);
  const change = useModelChange(name, () => setAlias(name, alias, version), () => {
    notify(`${alias} means version ${version} now.`);
    close();
  });
  const now = aliases.find((a) => a.alias === alias);
  const moves = now !== undefined && version !== "" && now.version !== version;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (alias !== "" && version !== "") change.mutate(undefined);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      size="narrow"
      title={start.alias === "" ? "Set an alias" : "Move the alias"}
      about={<bdi>{name}</bdi>}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="set-alias" isPending={change.isPending} isDisabled={alias === "" || version === ""}>
            {moves ? `Move from version ${now.version} to ${version}` : "Set"}
          </Button>
        </>
      }
    >
      <form id="set-alias" className="stack" onSubmit={submit}>
        <TextField label="Alias" value={alias} onChange={setName} isRequired isReadOnly={start.alias !== ""} hint="Letters, digits, _ and -" />
        <TextField label="Version" value={version} onChange={setVersion} isRequired inputMode="numeric" />
        {moves ? <Notice tone="warn">{`${alias} means version ${now.version} now. What loads ${name}@${alias} gets version ${version} then.`}</Notice> : null}
        {twoPersons ? <Notice>Production takes two persons here, so an alias may only mean a version that is in Production.</Notice> : null}
        {change.error ? <Problem error={change.error} title="The alias was not set." /> : null}
      </form>
    </Dialog>
  );
}
