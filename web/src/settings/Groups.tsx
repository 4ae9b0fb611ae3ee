import { useState } from "react";
import { Plus, UsersRound } from "lucide-react";
import { PrincipalPicker, type Principal } from "../access/PrincipalPicker";
import { useGet } from "../api/hooks";
import { Allowed, Button, Dialog, Drawer, Empty, notify, plural, Problem, Skeleton, Table, TextField } from "../ui";
import { nameColumn, PrincipalList } from "./PrincipalList";
import { useChangeMembers, useCreateGroup, type Member, type PrincipalRow } from "./principals";
import { useFirstField } from "../workspace/useFirstField";
import { scim, useWorkspace } from "./workspace";

/** Groups: create, and who is in them. */
export function Groups() {
  const workspace = useWorkspace();
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<PrincipalRow>();
  const members = (group: PrincipalRow) =>
    group.name === "users" ? (
      <span className="muted">everybody</span>
    ) : (
      <Button size="s" variant="quiet" icon={<UsersRound aria-hidden="true" />} aria-label={`Members of ${group.name}`} onPress={() => { setShown(group); }}>
        {group.members === undefined ? "Members" : plural(group.members, "person", "people")}
      </Button>
    );
  const create = (
    <Allowed ability="manage-identities" on={workspace}>
      <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => { setCreating(true); }}>
        Create group
      </Button>
    </Allowed>
  );
  return (
    <>
      <PrincipalList kind="group" title="Groups" create={create} columns={[nameColumn, { key: "members", title: "Members", cell: members }]} />
      {creating ? <CreateGroup close={() => { setCreating(false); }} /> : null}
      {shown ? <Members group={shown} close={() => { setShown(undefined); }} /> : null}
    </>
  );
}

function CreateGroup({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const field = useFirstField();
  const create = useCreateGroup(() => {
    notify(`${name.trim()} was created.`);
    close();
  });
  return (
    <Dialog isOpen onOpenChange={close} title="Create group" size="narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name.trim());
        }}
      >
        <TextField label="Name" inputRef={field} value={name} onChange={setName} isRequired />
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

/** Who is in a group, directly; adding and taking out holds at once, everywhere. */
function Members({ group, close }: { group: PrincipalRow; close: () => void }) {
  const workspace = useWorkspace();
  const found = useGet<{ members?: Member[] }>(`${scim}/Groups/${group.id}`);
  const [chosen, setChosen] = useState<Principal | null>(null);
  const change = useChangeMembers(group.id, () => {
    setChosen(null);
  });
  const columns = [
    { key: "name", title: "Name", cell: (m: Member) => <span className="break">{m.display ?? m.value}</span> },
    {
      key: "actions", title: "Actions", hideTitle: true, align: "end" as const,
      cell: (m: Member) => (
        <Allowed ability="manage-identities" on={workspace}>
          <Button size="s" aria-label={`Take ${m.display ?? m.value} out of ${group.name}`} onPress={() => { change.mutate({ remove: m.value }); }}>
            Take out
          </Button>
        </Allowed>
      ),
    },
  ];
  return (
    <Drawer isOpen onOpenChange={close} title={`Members of ${group.name}`} about="Users, service principals and groups that are in it directly.">
      <div className="stack">
        <PrincipalPicker key={String(chosen === null)} label="Add a member" value={chosen} onChange={setChosen} />
        <div>
          <Allowed ability="manage-identities" on={workspace}>
            <Button variant="primary" isDisabled={!chosen} isPending={change.isPending} onPress={() => { if (chosen) change.mutate({ add: chosen.id }); }}>
              Add
            </Button>
          </Allowed>
        </div>
        {change.error ? <Problem error={change.error} /> : null}
        {found.error ? <Problem error={found.error} /> : null}
        {found.isPending ? <Skeleton lines={4} /> : null}
        {found.data && !found.data.members?.length ? <Empty title="Nobody is in this group" level={3}>Add the first member above.</Empty> : null}
        {found.data?.members?.length ? <Table label={`Members of ${group.name}`} columns={columns} rows={found.data.members} rowKey={(m) => m.value} /> : null}
      </div>
    </Drawer>
  );
}
