import { useState, type SubmitEvent } from "react";
import { PenLine, Trash2 } from "lucide-react";
import { AlertDialog, Button, IconButton, Markdown, notify, Problem, TextArea, useAllowed, type AllowedOn } from "../ui";
import { commentActions } from "./activities";
import { deleteComment, editComment, useModelChange, writeComment } from "./changes";
import styles from "./Models.module.css";
import type { Activity } from "./types";

/** What somebody wrote; one's own comments can be changed and deleted, as the server says. */
export function CommentText({ name, activity }: { name: string; activity: Activity }) {
  const [mode, setMode] = useState<"edit" | "delete">();
  const { edit, remove } = commentActions(activity);
  const removal = useModelChange(name, () => deleteComment(activity.id), () => notify("Deleted the comment."));
  if (mode === "edit") return <CommentEditor name={name} activity={activity} close={() => setMode(undefined)} />;
  return (
    <div className={styles.comment}>
      <Markdown text={activity.comment ?? ""} />
      {edit || remove ? (
        <div className="row">
          {edit ? (
            <IconButton label="Edit the comment" size="s" onPress={() => setMode("edit")}>
              <PenLine aria-hidden="true" />
            </IconButton>
          ) : null}
          {remove ? (
            <IconButton label="Delete the comment" size="s" onPress={() => setMode("delete")}>
              <Trash2 aria-hidden="true" />
            </IconButton>
          ) : null}
        </div>
      ) : null}
      <AlertDialog
        isOpen={mode === "delete"}
        onOpenChange={(isOpen) => !isOpen && setMode(undefined)}
        title="Delete the comment?"
        action="Delete comment"
        onConfirm={() => removal.mutateAsync(undefined)}
      >
        <blockquote className={styles.quote}>{activity.comment?.slice(0, 300)}</blockquote>
      </AlertDialog>
    </div>
  );
}

function CommentEditor({ name, activity, close }: { name: string; activity: Activity; close: () => void }) {
  const [text, setText] = useState(activity.comment ?? "");
  const change = useModelChange(name, (next: string) => editComment(activity.id, next), () => {
    notify("Saved the comment.");
    close();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() !== "") change.mutate(text);
  };
  return (
    <form className="stack" onSubmit={submit}>
      {/* The field takes the place of the button that was pressed. */}
      {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
      <TextArea label="Comment" value={text} onChange={setText} rows={3} autoFocus />
      {change.error ? <Problem error={change.error} title="The comment was not saved." /> : null}
      <div className="row">
        <Button size="s" variant="primary" type="submit" isPending={change.isPending} isDisabled={text.trim() === ""}>
          Save
        </Button>
        <Button size="s" onPress={close}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** Where a comment on a version is written. */
export function NewComment({ name, version, on }: { name: string; version: string; on: AllowedOn }) {
  const [text, setText] = useState("");
  const refused = useAllowed("comment-version", on);
  const change = useModelChange(name, (comment: string) => writeComment(name, version, comment), () => {
    setText("");
    notify("Commented.");
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() !== "") change.mutate(text);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextArea label="Comment on this version" value={text} onChange={setText} rows={3} hint={refused?.reason ?? "Markdown. Everybody who may view the model reads it."} isDisabled={refused !== null} />
      {change.error ? <Problem error={change.error} title="The comment was not kept." /> : null}
      <div>
        <Button size="s" type="submit" isPending={change.isPending} isDisabled={refused !== null || text.trim() === ""}>
          Comment
        </Button>
      </div>
    </form>
  );
}
