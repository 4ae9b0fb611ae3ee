import { useState, type SubmitEvent } from "react";
import { useNavigate } from "react-router";
import { Button, Dialog, notify, Problem, Select, TextArea, TextField } from "../ui";
import { createModel, useModelChange, type NewModel } from "./changes";
import { OwnerField } from "./OwnerField";
import { modelPage } from "./paths";
import { useRequiredTags } from "./queries";
import type { RequiredTag } from "./types";

/** Makes an empty model: its versions come from clients, with their files. */
export function CreateModel({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState<Record<string, string>>({});
  const required = useRequiredTags();
  const navigate = useNavigate();
  const change = useModelChange(name, createModel, (_, model: NewModel) => {
    notify(`Created ${model.name}.`);
    close();
    void navigate(modelPage(model.name));
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = Object.entries(tags).filter(([, value]) => value !== "");
    if (name.trim() !== "") change.mutate({ name, description, tags: given.map(([key, value]) => ({ key, value })) });
  };
  const list = required.data?.required_tags ?? [];
  const wrong = list.find((tag) => change.error?.message.includes(`"${tag.key}"`));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      isDismissable={name === ""}
      title="Create a model"
      about="You will manage it. Nobody else sees it until you give somebody a level."
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="create-model" isPending={change.isPending} isDisabled={name.trim() === ""}>
            Create
          </Button>
        </>
      }
    >
      <form id="create-model" className="stack" onSubmit={submit}>
        <TextField label="Name" value={name} onChange={setName} isRequired hint="Anything but / and :" />
        <TextArea label="Description" value={description} onChange={setDescription} rows={3} hint="Markdown" />
        {list.map((tag) => (
          <RequiredField
            key={tag.key}
            tag={tag}
            value={tags[tag.key] ?? ""}
            onChange={(value) => setTags((old) => ({ ...old, [tag.key]: value }))}
            error={tag === wrong ? change.error?.message : undefined}
          />
        ))}
        {change.error && !wrong ? <Problem error={change.error} title="The model was not created." /> : null}
      </form>
    </Dialog>
  );
}

interface RequiredFieldProps {
  tag: RequiredTag;
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
}

/** A field for a tag that every new model must have. */
function RequiredField({ tag, value, onChange, error }: RequiredFieldProps) {
  const hint = tag.asked_by ? `Required of every model, by ${tag.asked_by}` : "Required of every model";
  if (tag.key === "bailiwick.owner") return <OwnerField label="Owner" value={value} onChange={onChange} hint={hint} />;
  if (tag.allowed && tag.allowed.length > 0) {
    const options = tag.allowed.map((text) => ({ value: text, text }));
    return <Select label={tag.key} options={options} value={value === "" ? null : value} onChange={onChange} isRequired hint={hint} error={error} />;
  }
  return <TextField label={tag.key} value={value} onChange={onChange} isRequired hint={hint} error={error} />;
}
