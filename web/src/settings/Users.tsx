import { useState } from "react";
import { Ellipsis, Plus } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import { Allowed, Button, Code, Dialog, IconButton, Menu, notify, Problem, Skeleton, TextField, Time, useJudge } from "../ui";
import { ActiveDialog } from "./ActiveDialog";
import { nameColumn, PrincipalList, stateColumn } from "./PrincipalList";
import { makeLink, useCreateUser, type PrincipalRow } from "./principals";
import { useFirstField } from "../workspace/useFirstField";
import { useWorkspace } from "./workspace";

type Doing = { what: "create" } | { what: "active" | "link"; user: PrincipalRow };

/** Users: create, deactivate, give a sign-in link. */
export function Users() {
  const workspace = useWorkspace();
  const refuse = useJudge();
  const [doing, setDoing] = useState<Doing>();
  const close = () => {
    setDoing(undefined);
  };
  const refused = refuse("manage-identities", workspace);
  const menu = (user: PrincipalRow) => (
    <Menu
      label={`Actions for ${user.name}`}
      trigger={
        <IconButton label={`Actions for ${user.name}`} size="s">
          <Ellipsis aria-hidden="true" size={16} />
        </IconButton>
      }
      groups={[
        {
          entries: [
            { id: "access", text: "What this person can touch", href: `/access?principal=${encodeURIComponent(user.name)}` },
            { id: "audit", text: "What this person did", href: `/audit?q=${encodeURIComponent(`actor:"${user.name}"`)}` },
          ],
        },
        {
          entries: [
            { id: "link", text: "Make a sign-in link", refused, isDisabled: !user.active, onAction: () => { setDoing({ what: "link", user }); } },
            { id: "active", text: user.active ? "Deactivate" : "Activate", danger: user.active, refused, onAction: () => { setDoing({ what: "active", user }); } },
          ],
        },
      ]}
    />
  );
  const create = (
    <Allowed ability="manage-identities" on={workspace}>
      <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => { setDoing({ what: "create" }); }}>
        Create user
      </Button>
    </Allowed>
  );
  return (
    <>
      <PrincipalList
        kind="user"
        title="Users"
        create={create}
        columns={[nameColumn, stateColumn, { key: "actions", title: "Actions", hideTitle: true, align: "end", cell: menu }]}
      />
      {doing?.what === "create" ? <CreateUser close={close} made={(user) => { setDoing({ what: "link", user }); }} /> : null}
      {doing?.what === "active" ? <ActiveDialog principal={doing.user} resource="Users" close={close} /> : null}
      {doing?.what === "link" ? <LinkDialog user={doing.user} close={close} /> : null}
    </>
  );
}

function CreateUser({ close, made }: { close: () => void; made: (user: PrincipalRow) => void }) {
  const [userName, setUserName] = useState("");
  const field = useFirstField();
  const [displayName, setDisplayName] = useState("");
  const create = useCreateUser(({ id }) => {
    notify(`${userName.trim()} was created.`);
    made({ id, name: userName.trim(), kind: "user", display_name: displayName.trim(), active: true });
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Create user" size="narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ userName: userName.trim(), displayName: displayName.trim() });
        }}
      >
        <TextField label="User name" inputRef={field} hint="As in the directory, usually an e-mail address." value={userName} onChange={setUserName} isRequired />
        <TextField label="Display name" value={displayName} onChange={setDisplayName} />
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

/** A link is made by a press, since each is a way in. */
function LinkDialog({ user, close }: { user: PrincipalRow; close: () => void }) {
  const link = useMutation({ mutationFn: () => makeLink(user.name) });
  return (
    <Dialog isOpen onOpenChange={close} title="Sign-in link" about={user.name}>
      <div className="stack">
        <p>
          Whoever opens the link first is signed in as {user.name}. It works once, for 15 minutes; hand it over by a way that only {user.name} reads.
        </p>
        {link.data ? (
          <>
            <Code text={link.data.login_link} what="sign-in link" wrap />
            <p className="muted">
              Ends <Time at={link.data.expires_at} />.
            </p>
          </>
        ) : (
          <div>
            <Button variant="primary" isPending={link.isPending} onPress={() => { link.mutate(); }}>
              Make a link
            </Button>
          </div>
        )}
        {link.isPending ? <Skeleton lines={1} /> : null}
        {link.error ? <Problem error={link.error} /> : null}
      </div>
    </Dialog>
  );
}
