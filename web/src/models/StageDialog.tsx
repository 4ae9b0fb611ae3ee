import { useState, type SubmitEvent } from "react";
import { Button, Checkbox, Dialog, notify, Notice, Problem, TextArea } from "../ui";
import { mayArchive, type StageChoice } from "./actions";
import { askTransition, moveVersion, useModelChange, type StageChange } from "./changes";
import { CheckLine } from "./Checks";
import { StageBadge } from "./StageBadge";
import type { VersionRow } from "./types";

export interface StageDialogProps {
  version: VersionRow;
  choice: StageChoice;
  close: () => void;
}

/** Moves a version to a stage, or asks for it, with a comment. */
export function StageDialog({ version, choice, close }: StageDialogProps) {
  const { way, stage } = choice;
  const [comment, setComment] = useState("");
  const [archive, setArchive] = useState(mayArchive(stage));
  const asks = way === "request";
  const change = useModelChange(version.name, (to: StageChange) => (asks ? askTransition(to) : moveVersion(to)), () => {
    notify(asks ? `Asked for the transition of version ${version.version} to ${stage}.` : `Version ${version.version} is in ${stage} now.`);
    close();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate({ name: version.name, version: version.version, stage, archive: archive && mayArchive(stage), comment });
  };
  const title = `${asks ? "Request transition to" : "Transition to"} ${stage}`;
  const archives = !asks && mayArchive(stage);
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title={title}
      about={
        <span className="row">
          <span>
            <bdi className="break">{version.name}</bdi>, version {version.version}
          </span>
          <StageBadge stage={version.current_stage} /> to <StageBadge stage={stage} />
        </span>
      }
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" type="submit" form="change-stage" isPending={change.isPending}>
            {asks ? "Request" : "Transition"}
          </Button>
        </>
      }
    >
      <form id="change-stage" className="stack" onSubmit={submit}>
        <StageFacts version={version} choice={choice} />
        <TextArea label="Comment" value={comment} onChange={setComment} rows={3} hint="Kept with the version's activity." />
        {archives ? (
          <Checkbox isSelected={archive} onChange={setArchive}>
            Archive the other versions that are in {stage} now
          </Checkbox>
        ) : null}
        {change.error ? (
          <Problem error={change.error} object={version.model_object} title={asks ? "It was not asked for." : "The version was not moved."} />
        ) : null}
      </form>
    </Dialog>
  );
}

/** What speaks for or against the move: checks, and the rule of two persons. */
function StageFacts({ version, choice: { way, stage } }: Pick<StageDialogProps, "version" | "choice">) {
  const unmet = version.unmet[stage] ?? [];
  return (
    <>
      {version.checks.length > 0 ? <CheckLine checks={version.checks} /> : null}
      {unmet.length > 0 ? (
        <Notice tone="warn">
          Nobody can bring this version into {stage} before these required checks have passed: {unmet.join("; ")}. A check that is posted after the
          request makes it stale.
        </Notice>
      ) : null}
      {way === "request" && stage === "Production" && version.two_persons ? (
        <Notice>Production takes two persons for this model: somebody else than you approves the request.</Notice>
      ) : null}
    </>
  );
}
