import { useState } from "react";
import { GitCompareArrows, RotateCcw, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import { AlertDialog, Allowed, Button, notify, plural, type AllowedOn } from "../../ui";
import { changeRuns } from "./change";
import styles from "./Runs.module.css";

/** The most runs that are compared. */
export const mostCompared = 100;

export interface SelectionBarProps {
  ids: readonly string[];
  deleted: boolean;
  on: AllowedOn | undefined;
  onClear: () => void;
  /** Runs were deleted or restored. */
  onChanged: () => void;
}

/** What can be done with the chosen runs. */
export function SelectionBar({ ids, deleted, on, onClear, onChanged }: SelectionBarProps) {
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const few = ids.length < 2;
  const change = async () => {
    await changeRuns(ids, deleted ? "restore" : "delete");
    notify(`${plural(ids.length, "run")} ${deleted ? "restored" : "deleted"}.`);
    onClear();
    onChanged();
  };
  return (
    <div className={styles.chosen} role="group" aria-label="Chosen runs">
      <strong role="status">{plural(ids.length, "run")} chosen</strong>
      {deleted ? null : (
        <Button
          size="s"
          icon={<GitCompareArrows aria-hidden="true" />}
          isDisabled={few || ids.length > mostCompared}
          onPress={() => void navigate(`/compare?runs=${ids.join(",")}`)}
        >
          Compare
        </Button>
      )}
      <Allowed ability="manage-runs" on={on}>
        <Button size="s" variant={deleted ? "default" : "danger"} icon={deleted ? <RotateCcw aria-hidden="true" /> : <Trash2 aria-hidden="true" />} onPress={() => setAsks(true)}>
          {deleted ? "Restore" : "Delete"}
        </Button>
      </Allowed>
      <Button size="s" variant="quiet" onPress={onClear}>
        Choose none
      </Button>
      {few && !deleted ? <span className="faint small">Choose another one to compare.</span> : null}
      {ids.length > mostCompared && !deleted ? <span className="faint small">At most {mostCompared} runs can be compared.</span> : null}
      <AlertDialog
        isOpen={asks}
        onOpenChange={setAsks}
        title={`${deleted ? "Restore" : "Delete"} ${plural(ids.length, "run")}?`}
        action={`${deleted ? "Restore" : "Delete"} ${plural(ids.length, "run")}`}
        onConfirm={change}
        harmless={deleted}
      >
        {deleted ? "They come back into the table of active runs." : "They go to the deleted runs, from where they can be restored until they are purged."}
      </AlertDialog>
    </div>
  );
}
