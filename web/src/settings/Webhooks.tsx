import { useState } from "react";
import { Ellipsis, Plus } from "lucide-react";
import { del, mlflow, patch, post } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import { AlertDialog, Allowed, Badge, Button, Empty, IconButton, Link, Menu, notify, Problem, Section, Skeleton, Table, Time, type Column } from "../ui";
import { CreateWebhook } from "./CreateWebhook";
import { Deliveries } from "./Deliveries";
import styles from "./Settings.module.css";
import { useWorkspace } from "./workspace";

/** A webhook of Databricks' API; secrets are never given out. */
export interface Webhook {
  id: string;
  model_name?: string;
  events: string[];
  description?: string;
  status: string;
  creation_timestamp: number;
  http_url_spec?: { url: string };
}

type Doing = { what: "create" } | { what: "log" | "remove"; hook: Webhook };

const path = `${mlflow}/registry-webhooks`;

/** Webhooks of the registry and of models that the viewer manages, with the log of what was sent. */
export function Webhooks() {
  const workspace = useWorkspace();
  const list = useGet<{ webhooks?: Webhook[] }>(`${path}/list`);
  const [doing, setDoing] = useState<Doing>();
  const close = () => {
    setDoing(undefined);
  };
  const remove = useChange((hook: Webhook) => del(`${path}/delete`, { id: hook.id }), [`${path}/list`]);
  const status = useChange(
    (hook: Webhook) => patch(`${path}/update`, { id: hook.id, status: hook.status === "ACTIVE" ? "DISABLED" : "ACTIVE" }),
    [`${path}/list`],
  );
  const test = useChange(
    (hook: Webhook) => post<{ status_code?: number; body?: string }>(`${path}/test`, { id: hook.id, event: hook.events[0] }),
    [],
    (answer) => {
      if (answer.status_code === undefined) notify(`The receiver was not reached: ${answer.body ?? "no answer"}`, { tone: "bad" });
      else notify(`The receiver answered ${String(answer.status_code)}.`);
    },
  );
  const failed = status.error ?? test.error;
  return (
    <Section
      title="Webhooks"
      about="Signed calls to other systems when something happens in the registry. Deliveries are kept, tried again, and given up after a day."
      actions={
        <Allowed ability="manage-registry-hooks" on={workspace} reason="Who manages a model makes its webhooks on the model's page.">
          <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => { setDoing({ what: "create" }); }}>
            Create webhook
          </Button>
        </Allowed>
      }
    >
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {failed ? <Problem error={failed} /> : null}
      {list.isPending ? <Skeleton /> : null}
      {list.data && !list.data.webhooks?.length ? (
        <Empty title="No webhooks" level={3}>A webhook tells another system of new versions, transitions and comments.</Empty>
      ) : null}
      {list.data?.webhooks?.length ? (
        <Table
          label="Webhooks"
          columns={columnsFor({ log: (hook) => { setDoing({ what: "log", hook }); }, remove: (hook) => { setDoing({ what: "remove", hook }); }, toggle: status.mutate, test: test.mutate })}
          rows={list.data.webhooks}
          rowKey={(hook) => hook.id}
        />
      ) : null}
      {doing?.what === "create" ? <CreateWebhook close={close} /> : null}
      {doing?.what === "log" ? <Deliveries hook={doing.hook} close={close} /> : null}
      {doing?.what === "remove" ? (
        <AlertDialog isOpen onOpenChange={close} title="Delete this webhook?" action="Delete" onConfirm={() => remove.mutateAsync(doing.hook)}>
          Nothing is sent to {doing.hook.http_url_spec?.url} any more, and the log of deliveries goes with it.
        </AlertDialog>
      ) : null}
    </Section>
  );
}

interface Actions {
  log: (hook: Webhook) => void;
  remove: (hook: Webhook) => void;
  toggle: (hook: Webhook) => void;
  test: (hook: Webhook) => void;
}

const columnsFor = ({ log, remove, toggle, test }: Actions): Column<Webhook>[] => [
  {
    key: "url", title: "Address",
    cell: (h) => (
      <span className="break">
        <span className="mono">{h.http_url_spec?.url ?? "a job"}</span>
        {h.description ? <span className="faint"> {h.description}</span> : null}
      </span>
    ),
  },
  { key: "model", title: "Of", cell: (h) => (h.model_name ? <Link to={`/models/${encodeURIComponent(h.model_name)}`}>{h.model_name}</Link> : "the registry") },
  { key: "events", title: "Events", cell: (h) => <span className={`small ${styles.events ?? ""}`}>{h.events.map((e) => e.toLowerCase().replaceAll("_", " ")).join(", ")}</span>, hideNarrow: true },
  { key: "status", title: "State", cell: (h) => <Badge tone={h.status === "ACTIVE" ? "good" : "plain"}>{h.status.toLowerCase().replaceAll("_", " ")}</Badge> },
  { key: "created", title: "Created", cell: (h) => <Time at={h.creation_timestamp} />, hideNarrow: true },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (h) => (
      <span className={styles.ends}>
        <Button size="s" onPress={() => { log(h); }} aria-label={`Deliveries to ${h.http_url_spec?.url ?? h.id}`}>Deliveries</Button>
        <Menu
          label={`Actions for ${h.http_url_spec?.url ?? h.id}`}
          trigger={
            <IconButton label={`Actions for ${h.http_url_spec?.url ?? h.id}`} size="s">
              <Ellipsis aria-hidden="true" size={16} />
            </IconButton>
          }
          groups={[
            {
              entries: [
                { id: "test", text: "Send a test", onAction: () => { test(h); } },
                { id: "toggle", text: h.status === "ACTIVE" ? "Disable" : "Enable", onAction: () => { toggle(h); } },
              ],
            },
            { entries: [{ id: "delete", text: "Delete", danger: true, onAction: () => { remove(h); } }] },
          ]}
        />
      </span>
    ),
  },
];
