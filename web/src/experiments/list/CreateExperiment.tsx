import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { mlflow, post } from "../../api/client";
import { Button, Dialog, notify, Problem, TextField } from "../../ui";
import { wordsOf } from "./filter";

/** "team:red stage:\"early days\"" → tags. */
export function tagsOf(text: string): { key: string; value: string }[] {
  return wordsOf(text).map((word) => {
    const colon = word.indexOf(":");
    return colon < 0 ? { key: word, value: "" } : { key: word.slice(0, colon), value: word.slice(colon + 1) };
  });
}

/** Makes an experiment and goes to it. */
export function CreateExperiment({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [tags, setTags] = useState("");
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => post<{ experiment_id: string }>(`${mlflow}/experiments/create`, { name: name.trim(), tags: tagsOf(tags) }),
    onSuccess: ({ experiment_id }) => {
      notify("Experiment created.");
      onClose();
      void navigate(`/experiments/${experiment_id}`);
    },
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(open) => !open && onClose()}
      title="Create experiment"
      size="narrow"
      isDismissable={name === ""}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="create-experiment" isDisabled={name.trim() === ""} isPending={create.isPending}>
            Create
          </Button>
        </>
      }
    >
      <form
        noValidate
        id="create-experiment"
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") create.mutate();
        }}
      >
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          isRequired
          autoComplete="off"
          hint="A name alone is made in your home folder; a path such as /Shared/team/churn in that folder."
        />
        <TextField label="Tags" value={tags} onChange={setTags} placeholder="team:growth stage:early" hint="key:value, with blanks between; some folders require tags." autoComplete="off" />
        {create.error ? <Problem error={create.error} title="The experiment could not be created." /> : null}
      </form>
    </Dialog>
  );
}
