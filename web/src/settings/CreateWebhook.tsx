import { useState } from "react";
import { mlflow, post } from "../api/client";
import { useChange } from "../api/hooks";
import styles from "./Settings.module.css";
import { Button, Checkbox, Dialog, notify, Problem, TextField } from "../ui";

/** The events of Databricks' registry webhooks (its API's names). */
const events = [
  "MODEL_VERSION_CREATED", "MODEL_VERSION_TRANSITIONED_STAGE", "TRANSITION_REQUEST_CREATED", "COMMENT_CREATED", "REGISTERED_MODEL_CREATED", "MODEL_VERSION_TAG_SET",
];

interface Wish {
  url: string;
  description: string;
  secret: string;
  events: string[];
}

/** Makes a webhook of the whole registry, or of one model. */
export function CreateWebhook({ model, close }: { model?: string; close: () => void }) {
  const [wish, setWish] = useState<Wish>({ url: "", description: "", secret: "", events: ["MODEL_VERSION_TRANSITIONED_STAGE"] });
  const create = useChange(
    () =>
      post(`${mlflow}/registry-webhooks/create`, {
        ...(model ? { model_name: model } : {}), events: wish.events, description: wish.description,
        http_url_spec: { url: wish.url.trim(), ...(wish.secret ? { secret: wish.secret } : {}) },
      }),
    [`${mlflow}/registry-webhooks/list`],
    () => {
      notify("The webhook was created.");
      close();
    },
  );
  return (
    <Dialog isOpen onOpenChange={close} title="Create webhook" about={model ?? "For all models"}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(undefined);
        }}
      >
        <TextField label="Address" hint="https, reachable from this server." value={wish.url} onChange={(url) => { setWish({ ...wish, url }); }} isRequired mono />
        <TextField label="Description" value={wish.description} onChange={(description) => { setWish({ ...wish, description }); }} />
        <TextField
          label="Secret" type="password" autoComplete="new-password" hint="Signs each call (HMAC-SHA256), so that the receiver knows it comes from here. It is not shown again."
          value={wish.secret} onChange={(secret) => { setWish({ ...wish, secret }); }}
        />
        <fieldset className={`stack ${styles.plain ?? ""}`}>
          <legend>Events</legend>
          {events.map((name) => (
            <Checkbox
              key={name}
              isSelected={wish.events.includes(name)}
              onChange={(on) => { setWish({ ...wish, events: on ? [...wish.events, name] : wish.events.filter((e) => e !== name) }); }}
            >
              {name.toLowerCase().replaceAll("_", " ")}
            </Checkbox>
          ))}
        </fieldset>
        {create.error ? <Problem error={create.error} /> : null}
        <div className="row">
          <Button type="submit" variant="primary" isPending={create.isPending} isDisabled={wish.events.length === 0}>Create</Button>
          <Button onPress={close}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
