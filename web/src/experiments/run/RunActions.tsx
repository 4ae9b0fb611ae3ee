import { useState } from "react";
import { ArrowUpRight, EllipsisVertical, Pencil, RotateCcw, ShieldCheck, Trash2 } from "lucide-react";
import { mlflow, post } from "../../api/client";
import { usePermissionsDialog } from "../../app/permissions";
import { useViewer } from "../../app/session";
import { AlertDialog, Button, IconButton, Menu, notify, useJudge, type MenuEntry } from "../../ui";
import { RenameDialog } from "../RenameDialog";
import type { Run } from "../types";
import type { useRun } from "../useRun";

/** Permissions (the experiment's), rename, delete and restore; and the way to MLflow's own page. */
export function RunActions({ all, run }: { all: ReturnType<typeof useRun>; run: Run }) {
  const { info } = run;
  const viewer = useViewer();
  const permissions = usePermissionsDialog();
  const refuse = useJudge();
  const [open, setOpen] = useState<"rename" | "delete" | "restore">();
  const on = all.viewed.data;
  const name = info.run_name ?? info.run_id;
  const deleted = info.lifecycle_stage === "deleted";
  const change = async (how: "delete" | "restore") => {
    await post(`${mlflow}/runs/${how}`, { run_id: info.run_id });
    notify(how === "delete" ? `${name} was deleted.` : `${name} was restored.`);
    all.renew();
  };
  const page = `/mlflow/#/experiments/${info.experiment_id}/runs/${info.run_id}`;
  const links: MenuEntry[] = viewer.mlflow_ui
    ? [{ id: "mlflow", text: "Open in MLflow's UI", icon: <ArrowUpRight aria-hidden="true" />, onAction: () => window.open(page, "_blank", "noopener") }]
    : [];
  const entries: MenuEntry[] = [
    { id: "rename", text: "Rename", icon: <Pencil aria-hidden="true" />, onAction: () => setOpen("rename"), refused: refuse("log-runs", on), isDisabled: deleted },
    deleted
      ? { id: "restore", text: "Restore", icon: <RotateCcw aria-hidden="true" />, onAction: () => setOpen("restore"), refused: refuse("manage-runs", on) }
      : { id: "delete", text: "Delete", icon: <Trash2 aria-hidden="true" />, danger: true, onAction: () => setOpen("delete"), refused: refuse("manage-runs", on) },
  ];
  return (
    <>
      <Button icon={<ShieldCheck aria-hidden="true" />} onPress={() => permissions.open({ object: { object: `experiments/${info.experiment_id}` } })}>
        Permissions
      </Button>
      <Menu
        label={`Actions on ${name}`}
        trigger={
          <IconButton label="More actions">
            <EllipsisVertical aria-hidden="true" />
          </IconButton>
        }
        groups={[{ entries: links }, { entries }]}
      />
      {open === "rename" ? (
        <RenameDialog
          title="Rename run"
          name={name}
          hint="Its ID stays."
          rename={(next) => post(`${mlflow}/runs/update`, { run_id: info.run_id, run_name: next })}
          onClose={() => setOpen(undefined)}
          onRenamed={all.renew}
        />
      ) : null}
      <AlertDialog isOpen={open === "delete"} onOpenChange={() => setOpen(undefined)} title={`Delete ${name}?`} action="Delete the run" onConfirm={() => change("delete")}>
        It goes to the deleted runs of its experiment, from where it can be restored until it is purged.
      </AlertDialog>
      <AlertDialog isOpen={open === "restore"} onOpenChange={() => setOpen(undefined)} title={`Restore ${name}?`} action="Restore the run" harmless onConfirm={() => change("restore")}>
        It comes back into the table of active runs.
      </AlertDialog>
    </>
  );
}
