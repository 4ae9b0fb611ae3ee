import { useState } from "react";
import { Ellipsis, Plus } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import { Allowed, Button, Code, Dialog, IconButton, Menu, notify, Problem, TextField, useJudge, type Column } from "../ui";
import { ActiveDialog } from "./ActiveDialog";
import { nameColumn, PrincipalList, stateColumn } from "./PrincipalList";
import { makeToken, useCreateServicePrincipal, type PrincipalRow } from "./principals";
import { useFirstField } from "../workspace/useFirstField";
import { useWorkspace } from "./workspace";

type Doing = { what: "create" } | { what: "active" | "token"; principal: PrincipalRow };

const application: Column<PrincipalRow> = { key: "application", title: "Application ID", cell: (p) => <span className="mono break">{p.name}</span>, hideNarrow: true };

/** Service principals: create, deactivate, give a token. */
export function ServicePrincipals() {
  const workspace = useWorkspace();
  const refuse = useJudge();
  const [doing, setDoing] = useState<Doing>();
  const close = () => {
    setDoing(undefined);
  };
  const refused = refuse("manage-identities", workspace);
  const menu = (principal: PrincipalRow) => (
    <Menu
      label={`Actions for ${principal.display_name}`}
      trigger={
        <IconButton label={`Actions for ${principal.display_name}`} size="s">
          <Ellipsis aria-hidden="true" size={16} />
        </IconButton>
      }
      groups={[
        {
          entries: [
            { id: "access", text: "What it can touch", href: `/access?principal=${encodeURIComponent(principal.name)}` },
            { id: "audit", text: "What it did", href: `/audit?q=${encodeURIComponent(`actor:"${principal.name}"`)}` },
          ],
        },
        {
          entries: [
            { id: "token", text: "Make a token", refused, isDisabled: !principal.active, onAction: () => { setDoing({ what: "token", principal }); } },
            { id: "active", text: principal.active ? "Deactivate" : "Activate", danger: principal.active, refused, onAction: () => { setDoing({ what: "active", principal }); } },
          ],
        },
      ]}
    />
  );
  const create = (
    <Allowed ability="manage-identities" on={workspace}>
      <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => { setDoing({ what: "create" }); }}>
        Create service principal
      </Button>
    </Allowed>
  );
  return (
    <>
      <PrincipalList
        kind="service-principal"
        title="Service principals"
        create={create}
        columns={[nameColumn, application, stateColumn, { key: "actions", title: "Actions", hideTitle: true, align: "end", cell: menu }]}
      />
      {doing?.what === "create" ? <CreateServicePrincipal close={close} /> : null}
      {doing?.what === "active" ? <ActiveDialog principal={doing.principal} resource="ServicePrincipals" close={close} /> : null}
      {doing?.what === "token" ? <TokenDialog principal={doing.principal} close={close} /> : null}
    </>
  );
}

function CreateServicePrincipal({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const field = useFirstField();
  const create = useCreateServicePrincipal(() => {
    notify(`${name.trim()} was created.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Create service principal" size="narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name.trim());
        }}
      >
        <TextField label="Name" inputRef={field} hint="What runs as it: a job, a pipeline, a deployment." value={name} onChange={setName} isRequired />
        {create.error ? <Problem error={create.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={create.isPending}>
            Create
          </Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

function TokenDialog({ principal, close }: { principal: PrincipalRow; close: () => void }) {
  const [comment, setComment] = useState("");
  const [days, setDays] = useState("90");
  const token = useMutation({ mutationFn: () => makeToken(principal.name, comment.trim(), Number(days) || 0) });
  return (
    <Dialog isOpen onOpenChange={close} title="Make a token" about={principal.display_name} isDismissable={!token.data}>
      {token.data ? (
        <div className="stack">
          <p>This is the only time that the token is shown.</p>
          <Code text={token.data.token_value} what="token" wrap />
          <div>
            <Button variant="primary" onPress={close}>
              Done
            </Button>
          </div>
        </div>
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            token.mutate();
          }}
        >
          <TextField label="For" hint="Where it will be used." value={comment} onChange={setComment} />
          <TextField label="Days" hint="0 makes one without end, where the workspace allows it." type="number" value={days} onChange={setDays} />
          {token.error ? <Problem error={token.error} /> : null}
          <div className="row">
            <Button type="submit" variant="primary" isPending={token.isPending}>
              Make the token
            </Button>
            <Button onPress={close}>Cancel</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
