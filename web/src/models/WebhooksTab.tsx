import { useState } from "react";
import { Plus, Send, Trash2, Webhook } from "lucide-react";
import { mlflow } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import { AlertDialog, Allowed, Badge, Button, ButtonLink, Empty, IconButton, Notice, notify, Problem, Skeleton, Switch, Table, useAllowed, type Column } from "../ui";
import { deleteWebhook, switchWebhook, testWebhook } from "./changes";
import { CreateWebhook } from "./CreateWebhook";
import styles from "./Models.module.css";
import type { Model, RegistryWebhook } from "./types";

const path = `${mlflow}/registry-webhooks/list`;

/** Who is told of what happens with the model. */
export function WebhooksTab({ model }: { model: Model }) {
  const [creates, setCreates] = useState(false);
  const refused = useAllowed("manage-model-hooks", model);
  return (
    <div className="stack">
      <div className="row">
        <Allowed ability="manage-model-hooks" on={model}>
          <Button icon={<Plus aria-hidden="true" />} onPress={() => setCreates(true)}>
            Create webhook
          </Button>
        </Allowed>
        <ButtonLink to="/settings/webhooks">Delivery log</ButtonLink>
      </div>
      {refused ? <Notice>Webhooks of a model are shown to who manages it. {refused.reason}</Notice> : <Hooks model={model} />}
      {creates ? <CreateWebhook name={model.name} renews={path} close={() => setCreates(false)} /> : null}
    </div>
  );
}

function Hooks({ model }: { model: Model }) {
  const list = useGet<{ webhooks?: RegistryWebhook[] }>(path, { model_name: model.name });
  const [doomed, setDoomed] = useState<RegistryWebhook>();
  const remove = useChange(deleteWebhook, [path], () => notify("Deleted the webhook."));
  const turn = useChange(({ id, on }: { id: string; on: boolean }) => switchWebhook(id, on ? "ACTIVE" : "DISABLED"), [path]);
  const test = useChange(testWebhook, [], ({ status_code, body }) =>
    status_code === undefined
      ? notify(`No answer: ${body ?? "the receiver could not be reached"}`, { tone: "bad" })
      : notify(`The receiver answered ${status_code}.`, { tone: status_code < 300 ? "good" : "bad" }),
  );
  if (list.error) return <Problem error={list.error} object={model.object} title="The webhooks could not be listed." />;
  if (!list.data) return <Skeleton lines={3} label="Loading the webhooks" />;
  const columns = columnsOf({
    turn: (id, on) => turn.mutate({ id, on }),
    test: (id) => test.mutate(id),
    remove: setDoomed,
  });
  const error = turn.error ?? test.error;
  return (
    <>
      <Table label="Webhooks" columns={columns} rows={list.data.webhooks ?? []} rowKey={(h) => h.id} empty={<NoHooks />} />
      {error ? <Problem error={error} title="It was not done." /> : null}
      {doomed ? (
        <AlertDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setDoomed(undefined)}
          title="Delete the webhook?"
          action="Delete webhook"
          onConfirm={() => remove.mutateAsync(doomed.id)}
        >
          <p className="break">{targetOf(doomed)} is told nothing more. What was not delivered yet is given up.</p>
        </AlertDialog>
      ) : null}
    </>
  );
}

function NoHooks() {
  return (
    <Empty title="No webhooks" icon={<Webhook aria-hidden="true" />} level={3}>
      A webhook tells another program, such as CI, that a transition was asked for or made.
    </Empty>
  );
}

const targetOf = (hook: RegistryWebhook) => hook.http_url_spec?.url ?? `job ${hook.job_spec?.job_id ?? ""}`;

interface HookActs {
  turn: (id: string, on: boolean) => void;
  test: (id: string) => void;
  remove: (hook: RegistryWebhook) => void;
}

const columnsOf = ({ turn, test, remove }: HookActs): Column<RegistryWebhook>[] => [
  {
    key: "target",
    title: "Tells",
    cell: (h) => (
      <span>
        <code className="break">{targetOf(h)}</code>
        {h.description ? <div className="faint small">{h.description}</div> : null}
      </span>
    ),
  },
  {
    key: "events",
    title: "Of",
    cell: (h) => (
      <span className={styles.chips}>
        {h.events.map((event) => (
          <Badge key={event}>{event}</Badge>
        ))}
      </span>
    ),
  },
  {
    key: "status",
    title: "Status",
    cell: (h) => (
      <Switch isSelected={h.status !== "DISABLED"} onChange={(on) => turn(h.id, on)} aria-label={`Webhook to ${targetOf(h)} is active`}>
        {h.status === "DISABLED" ? "Off" : "On"}
      </Switch>
    ),
  },
  {
    key: "acts",
    title: "Actions",
    hideTitle: true,
    align: "end",
    cell: (h) => (
      <span className="row">
        <IconButton label={`Test the webhook to ${targetOf(h)}`} size="s" onPress={() => test(h.id)}>
          <Send aria-hidden="true" />
        </IconButton>
        <IconButton label={`Delete the webhook to ${targetOf(h)}`} size="s" onPress={() => remove(h)}>
          <Trash2 aria-hidden="true" />
        </IconButton>
      </span>
    ),
  },
];
