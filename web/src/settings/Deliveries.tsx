import { useState } from "react";
import { post } from "../api/client";
import { useChange, useGet, usePaged } from "../api/hooks";
import { Badge, Button, Code, Drawer, Empty, More, notify, Problem, Select, Skeleton, Table, Time, type Column } from "../ui";
import type { Webhook } from "./Webhooks";

interface Delivery {
  id: string;
  event: string;
  at: number;
  state: "pending" | "delivered" | "dead";
  tries: number;
  due?: number;
  ended?: number;
  status_code: number;
  answer: string;
}

interface Page {
  deliveries: Delivery[];
  next_page_token?: string;
}

const states = [
  { value: "", text: "All" },
  { value: "pending", text: "Pending" },
  { value: "delivered", text: "Delivered" },
  { value: "dead", text: "Given up" },
];

/** What was sent to a webhook, the newest first; what was given up can be sent again. */
export function Deliveries({ hook, close }: { hook: Webhook; close: () => void }) {
  const [state, setState] = useState("");
  const [shown, setShown] = useState<string>();
  const path = `/webhooks/${hook.id}/deliveries`;
  const list = usePaged<Page, Delivery>(path, { state: state || undefined }, (page) => page.deliveries);
  const again = useChange((id: string) => post(`${path}/${id}/redeliver`), [path], () => {
    notify("It is sent again.");
  });
  const error = list.error ?? again.error;
  return (
    <Drawer isOpen onOpenChange={close} title="Deliveries" about={hook.http_url_spec?.url}>
      <div className="stack">
        <Select label="State" options={states} value={state} onChange={setState} />
        {error ? <Problem error={error} /> : null}
        {list.isPending ? <Skeleton lines={4} /> : null}
        {list.data && list.items.length === 0 ? (
          <Empty title={state ? "None of this state" : "Nothing was sent yet"} level={3}>Deliveries appear here when one of its events happens.</Empty>
        ) : null}
        {list.items.length > 0 ? (
          <Table
            label="Deliveries"
            columns={columnsFor(setShown, again.mutate)}
            rows={list.items}
            rowKey={(d) => d.id}
            current={shown}
          />
        ) : null}
        <More list={list} what="deliveries" />
        {shown ? <DeliveryDetail path={`${path}/${shown}`} /> : null}
      </div>
    </Drawer>
  );
}

const tones = { pending: "accent", delivered: "good", dead: "bad" } as const;

const columnsFor = (show: (id: string) => void, again: (id: string) => void): Column<Delivery>[] => [
  {
    key: "event", title: "Event",
    cell: (d) => (
      <Button size="s" variant="quiet" onPress={() => { show(d.id); }}>
        {d.event.toLowerCase().replaceAll("_", " ")}
      </Button>
    ),
  },
  { key: "state", title: "State", cell: (d) => <Badge tone={tones[d.state]}>{d.state === "dead" ? "given up" : d.state}</Badge> },
  { key: "answer", title: "Answer", cell: (d) => <span className="small break">{d.status_code ? d.status_code : d.answer.slice(0, 80)}</span> },
  { key: "tries", title: "Tries", align: "end", cell: (d) => d.tries },
  { key: "at", title: "Time", cell: (d) => <Time at={d.at} /> },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (d) =>
      d.state === "pending" ? null : (
        <Button size="s" aria-label={`Send ${d.event} again`} onPress={() => { again(d.id); }}>
          Send again
        </Button>
      ),
  },
];

function DeliveryDetail({ path }: { path: string }) {
  const detail = useGet<unknown>(path);
  if (detail.error) return <Problem error={detail.error} />;
  if (detail.isPending) return <Skeleton lines={4} />;
  return <Code text={JSON.stringify(detail.data, null, 2)} what="delivery" language="json" wrap maxHeight="24rem" />;
}
