import { useState, type SubmitEvent } from "react";
import { useChange } from "../api/hooks";
import { Button, Checkbox, Dialog, notify, Problem, TextField } from "../ui";
import { createWebhook, type NewWebhook } from "./changes";

/** What a webhook of one model can be told of, in Databricks' words. */
const events: [string, string][] = [
  ["TRANSITION_REQUEST_CREATED", "A transition was asked for"],
  ["MODEL_VERSION_TRANSITIONED_STAGE", "A version came into another stage"],
  ["MODEL_VERSION_TRANSITIONED_TO_PRODUCTION", "A version came into Production"],
  ["MODEL_VERSION_TRANSITIONED_TO_STAGING", "A version came into Staging"],
  ["MODEL_VERSION_TRANSITIONED_TO_ARCHIVED", "A version was archived"],
  ["MODEL_VERSION_CREATED", "A version was registered"],
  ["MODEL_VERSION_TAG_SET", "A version was tagged"],
  ["COMMENT_CREATED", "Somebody commented"],
];

export interface CreateWebhookProps {
  name: string;
  /** The list to read anew. */
  renews: string;
  close: () => void;
}

/** Tells another program of what happens with a model. */
export function CreateWebhook({ name, renews, close }: CreateWebhookProps) {
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [description, setDescription] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>(["TRANSITION_REQUEST_CREATED"]);
  const change = useChange((hook: NewWebhook) => createWebhook(hook), [renews], () => {
    notify("Created the webhook.");
    close();
  });
  const ready = url.trim() !== "" && chosen.length > 0;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (ready) change.mutate({ model_name: name, events: [...chosen], description, http_url_spec: { url: url.trim(), ...(secret === "" ? {} : { secret }) } });
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      isDismissable={url === ""}
      title="Create a webhook"
      about={<bdi>{name}</bdi>}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="create-webhook" isPending={change.isPending} isDisabled={!ready}>
            Create
          </Button>
        </>
      }
    >
      <form id="create-webhook" className="stack" onSubmit={submit}>
        <TextField label="URL" value={url} onChange={setUrl} isRequired type="url" placeholder="https://ci.example.org/hooks" />
        <TextField label="Secret" value={secret} onChange={setSecret} type="password" autoComplete="off" hint="Signs each body (X-Databricks-Signature). It is never shown again." />
        <TextField label="Description" value={description} onChange={setDescription} />
        <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
          <legend className="small muted">Tell it when</legend>
          {events.map(([event, words]) => (
            <Checkbox
              key={event}
              isSelected={chosen.includes(event)}
              onChange={(on) => setChosen(on ? [...chosen, event] : chosen.filter((e) => e !== event))}
            >
              {words} <code className="faint small">{event}</code>
            </Checkbox>
          ))}
        </fieldset>
        {change.error ? <Problem error={change.error} title="The webhook was not created." /> : null}
      </form>
    </Dialog>
  );
}
