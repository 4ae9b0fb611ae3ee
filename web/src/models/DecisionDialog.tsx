import { useState, type SubmitEvent } from "react";
import { ApiError } from "../api/client";
import { Button, Checkbox, Dialog, notify, Notice, Problem, TextArea } from "../ui";
import { decisionWords, mayArchive } from "./actions";
import { decide, useModelChange } from "./changes";
import { CheckLine } from "./Checks";
import { Digest } from "./Digest";
import { StageBadge } from "./StageBadge";
import type { RequestAction, TransitionRequest } from "./types";

export interface DecisionDialogProps {
  request: TransitionRequest;
  action: RequestAction;
  close: () => void;
  /** The request is not in the list any more: somebody decided while the dialog was open. */
  isGone: boolean;
  done: () => void;
}

const hints: Record<RequestAction, string> = {
  APPROVE: "Kept with the version's activity, beside your name.",
  REJECT: "Say what is missing, so that it can be asked for anew.",
  CANCEL: "Kept with the version's activity.",
};

/** Approves, rejects or cancels a request, with a comment. */
export function DecisionDialog({ request, action, isGone, close, done }: DecisionDialogProps) {
  const [comment, setComment] = useState("");
  const [archive, setArchive] = useState(mayArchive(request.to));
  const words = decisionWords[action];
  const archives = action === "APPROVE" && mayArchive(request.to);
  const change = useModelChange(request.model, () => decide(request, action, comment, archives && archive), () => {
    notify(`${words.done}: version ${request.version} of ${request.model}, ${request.from} to ${request.to}.`);
    close();
    done();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate(undefined);
  };
  const conflict = change.error instanceof ApiError && change.error.status === 409;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title={words.what}
      about={<Move request={request} />}
      footer={
        <>
          <Button onPress={close}>{conflict ? "Close" : "Back"}</Button>
          {conflict ? null : (
            <Button variant={action === "APPROVE" ? "primary" : "danger"} type="submit" form="decide-request" isPending={change.isPending}>
              {words.verb}
            </Button>
          )}
        </>
      }
    >
      <form id="decide-request" className="stack" onSubmit={submit}>
        {action === "APPROVE" ? <WhatIsApproved request={request} /> : null}
        {/* Writing is what the dialog is for; Escape leads back. */}
        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
        <TextArea label="Comment" value={comment} onChange={setComment} rows={3} hint={hints[action]} autoFocus />
        {archives ? (
          <Checkbox isSelected={archive} onChange={setArchive}>
            Archive the other versions that are in {request.to} now
          </Checkbox>
        ) : null}
        {isGone && !change.isPending && !change.error ? <Notice tone="warn">This request is not pending any more: somebody decided in the meantime.</Notice> : null}
        {change.error ? <Failed error={change.error} conflict={conflict} request={request} /> : null}
      </form>
    </Dialog>
  );
}

function Move({ request }: { request: TransitionRequest }) {
  return (
    <span className="row">
      <span>
        <bdi className="break">{request.model}</bdi>, version {request.version}
      </span>
      <StageBadge stage={request.from} /> to <StageBadge stage={request.to} />
    </span>
  );
}

function WhatIsApproved({ request }: { request: TransitionRequest }) {
  return (
    <>
      <dl className="facts">
        <dt>Asked by</dt>
        <dd>{request.creator}</dd>
        <dt>Digest</dt>
        <dd>
          <Digest digest={request.digest_now} none="none: there are no files" />
        </dd>
        <dt>Checks</dt>
        <dd>
          <CheckLine checks={request.checks} />
        </dd>
      </dl>
      <Notice>You approve these bytes with these checks. All requests for this stage are answered by it.</Notice>
    </>
  );
}

function Failed({ error, conflict, request }: { error: Error; conflict: boolean; request: TransitionRequest }) {
  if (!conflict) return <Problem error={error} object={request.model_object} title="It was not done." />;
  return (
    <Problem error={error} title="Something changed in the meantime.">
      <span>Nothing was done by you. The list behind this dialog shows what there is now.</span>
    </Problem>
  );
}
