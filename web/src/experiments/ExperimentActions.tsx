import { useState } from "react";
import { ArrowUpRight, EllipsisVertical, Pencil, RotateCcw, ShieldCheck, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import { mlflow, post } from "../api/client";
import type { ObjectAnswer } from "../api/types";
import { usePermissionsDialog } from "../app/permissions";
import { useViewer } from "../app/session";
import { AlertDialog, Button, IconButton, Menu, notify, useJudge, type MenuEntry } from "../ui";
import { RenameDialog } from "./RenameDialog";
import type { useExperiment } from "./useExperiment";

export interface ExperimentActionsProps {
  all: ReturnType<typeof useExperiment>;
  it: ObjectAnswer;
  /** The experiment's name in MLflow's API, which may be a path. */
  name: string;
}

/** Permissions, rename, trash and restore; and the way to MLflow's own page. */
export function ExperimentActions({ all, it, name }: ExperimentActionsProps) {
  const viewer = useViewer();
  const permissions = usePermissionsDialog();
  const refuse = useJudge();
  const navigate = useNavigate();
  const [open, setOpen] = useState<"rename" | "trash" | "restore">();
  const change = async (how: "delete" | "restore") => {
    await post(`${mlflow}/experiments/${how}`, { experiment_id: it.id });
    notify(how === "delete" ? `${it.name} was moved to the trash.` : `${it.name} was restored.`);
    all.renew();
    if (how === "delete") void navigate("/experiments");
  };
  const entries: MenuEntry[] = [
    { id: "rename", text: "Rename", icon: <Pencil aria-hidden="true" />, onAction: () => setOpen("rename"), refused: refuse("move-rename", all.folder) },
    it.trashed
      ? { id: "restore", text: "Restore", icon: <RotateCcw aria-hidden="true" />, onAction: () => setOpen("restore"), refused: refuse("restore-experiments", all.folder) }
      : { id: "trash", text: "Move to trash", icon: <Trash2 aria-hidden="true" />, danger: true, onAction: () => setOpen("trash"), refused: refuse("create-experiments", all.folder) },
  ];
  const links: MenuEntry[] = viewer.mlflow_ui
    ? [{ id: "mlflow", text: "Open in MLflow's UI", icon: <ArrowUpRight aria-hidden="true" />, onAction: () => window.open(`/mlflow/#/experiments/${it.id}`, "_blank", "noopener") }]
    : [];
  return (
    <>
      <Button icon={<ShieldCheck aria-hidden="true" />} onPress={() => permissions.open({ object: it })}>
        Permissions
      </Button>
      <Menu
        label={`Actions on ${it.name}`}
        trigger={
          <IconButton label="More actions">
            <EllipsisVertical aria-hidden="true" />
          </IconButton>
        }
        groups={[{ entries: links }, { entries }]}
      />
      {open === "rename" ? (
        <RenameDialog
          title="Rename experiment"
          name={name}
          hint="Code that names the experiment has to be changed too; its ID stays."
          rename={(next) => post(`${mlflow}/experiments/update`, { experiment_id: it.id, new_name: next })}
          onClose={() => setOpen(undefined)}
          onRenamed={all.renew}
        />
      ) : null}
      <AlertDialog isOpen={open === "trash"} onOpenChange={() => setOpen(undefined)} title={`Move ${it.name} to the trash?`} action="Move to trash" onConfirm={() => change("delete")}>
        Its runs and artifacts go with it. It can be restored from the trash of the workspace until it is purged.
      </AlertDialog>
      <AlertDialog isOpen={open === "restore"} onOpenChange={() => setOpen(undefined)} title={`Restore ${it.name}?`} action="Restore" harmless onConfirm={() => change("restore")}>
        It comes back with its runs to where it was.
      </AlertDialog>
    </>
  );
}
