import { useState } from "react";
import { EllipsisVertical, Download, ShieldCheck, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import { download } from "../api/client";
import { usePermissionsDialog } from "../access/permissions";
import { AlertDialog, IconButton, Menu, notify, useJudge, type AllowedOn } from "../ui";
import { absentOf } from "./actions";
import { deleteVersion, useModelChange } from "./changes";
import { modelPage, versionPath } from "./paths";
import type { ModelVersion } from "./types";
import { useWhy } from "./Why";

/** Saves the list that `sha256sum -c` reads; its own sha256 is the version's digest. */
export const saveSums = (version: ModelVersion) =>
  download(`${versionPath(version.name, version.version)}/SHA256SUMS`, "SHA256SUMS").catch((error: unknown) =>
    notify(error instanceof Error ? error.message : String(error), { tone: "bad" }),
  );

/** What else can be done with a version. */
export function VersionMenu({ version, on }: { version: ModelVersion; on: AllowedOn }) {
  const [deletes, setDeletes] = useState(false);
  const judge = useJudge();
  const why = useWhy();
  const permissions = usePermissionsDialog();
  const navigate = useNavigate();
  const absent = absentOf(version.absent, "DELETE");
  const change = useModelChange(version.name, () => deleteVersion(version.name, version.version), () => {
    notify(`Deleted version ${version.version} of ${version.name}.`);
    void navigate(modelPage(version.name), { replace: true });
  }, true);
  const trigger = (
    <IconButton label={`Actions on version ${version.version}`} variant="default">
      <EllipsisVertical aria-hidden="true" />
    </IconButton>
  );
  const groups = [
    {
      entries: [
        {
          id: "permissions",
          text: "Permissions of the model",
          icon: <ShieldCheck aria-hidden="true" />,
          onAction: () => permissions.open({ object: { object: version.model_object, kind: "registered-model", name: version.name } }),
        },
        {
          id: "sums",
          text: "Download SHA256SUMS",
          icon: <Download aria-hidden="true" />,
          onAction: () => void saveSums(version),
          isDisabled: !version.digest,
        },
      ],
    },
    {
      entries: [
        {
          id: "delete",
          text: "Delete version",
          icon: <Trash2 aria-hidden="true" />,
          danger: true,
          onAction: () => setDeletes(true),
          refused: judge("delete-model", on) ?? why("delete-model", on, absent?.reason, "Delete"),
        },
      ],
    },
  ];
  return (
    <>
      <Menu trigger={trigger} label={`Actions on version ${version.version}`} groups={groups} />
      <AlertDialog
        isOpen={deletes}
        onOpenChange={setDeletes}
        title="Delete the version?"
        action="Delete version"
        onConfirm={() => change.mutateAsync(undefined)}
      >
        <p className="break">
          Version {version.version} of <bdi>{version.name}</bdi> is deleted for good, with its requests, checks and comments. Its number is not given
          again. The run or logged model that it was made of stays.
        </p>
      </AlertDialog>
    </>
  );
}
