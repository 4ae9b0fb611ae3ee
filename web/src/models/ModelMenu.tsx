import { useState } from "react";
import { EllipsisVertical, PenLine, ShieldCheck, Trash2, UsersRound } from "lucide-react";
import { useNavigate } from "react-router";
import { usePermissionsDialog } from "../access/permissions";
import { IconButton, Menu, useJudge, type MenuGroup } from "../ui";
import { absentOf } from "./actions";
import { DeleteModel, RenameModel } from "./ModelDialogs";
import { accessPage, modelPage } from "./paths";
import type { AbsentAction, ModelRow } from "./types";
import { useWhy } from "./Why";

export interface ModelMenuProps {
  model: ModelRow & { absent?: AbsentAction[] };
  /** Whether this is the model's own page, which is left when the model is deleted or renamed. */
  onPage?: boolean;
}

/** What can be done with a model as a whole. */
export function ModelMenu({ model, onPage = false }: ModelMenuProps) {
  const [open, setOpen] = useState<"rename" | "delete">();
  const groups = useGroups(model, setOpen);
  const navigate = useNavigate();
  const close = () => setOpen(undefined);
  const trigger = (
    <IconButton label={`Actions on ${model.name}`} size={onPage ? "m" : "s"} variant={onPage ? "default" : "quiet"}>
      <EllipsisVertical aria-hidden="true" />
    </IconButton>
  );
  return (
    <>
      <Menu trigger={trigger} label={`Actions on ${model.name}`} groups={groups} />
      {open === "rename" ? (
        <RenameModel name={model.name} close={close} done={(name) => onPage && void navigate(modelPage(name), { replace: true })} />
      ) : null}
      {open === "delete" ? <DeleteModel model={model} close={close} done={() => onPage && void navigate("/models", { replace: true })} /> : null}
    </>
  );
}

function useGroups(model: ModelMenuProps["model"], open: (what: "rename" | "delete") => void): MenuGroup[] {
  const judge = useJudge();
  const why = useWhy();
  const permissions = usePermissionsDialog();
  const refused = (ability: string, action: string, title: string) => {
    const absent = absentOf(model.absent ?? [], action);
    return judge(ability, model) ?? why(ability, model, absent?.reason, title);
  };
  return [
    {
      entries: [
        { id: "permissions", text: "Permissions", icon: <ShieldCheck aria-hidden="true" />, onAction: () => permissions.open({ object: model }) },
        { id: "access", text: "Who can do what", icon: <UsersRound aria-hidden="true" />, href: accessPage(model.object), refused: judge("read-permissions", model) },
      ],
    },
    {
      entries: [
        {
          id: "rename",
          text: "Rename",
          icon: <PenLine aria-hidden="true" />,
          onAction: () => open("rename"),
          refused: refused("rename-model", "RENAME", "Rename"),
        },
        {
          id: "delete",
          text: "Delete",
          icon: <Trash2 aria-hidden="true" />,
          danger: true,
          onAction: () => open("delete"),
          refused: refused("delete-model", "DELETE", "Delete"),
        },
      ],
    },
  ];
}
