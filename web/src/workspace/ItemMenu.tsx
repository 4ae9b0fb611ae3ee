import { useState } from "react";
import { Ellipsis } from "lucide-react";
import { useNavigate } from "react-router";
import { usePermissionsDialog } from "../access/permissions";
import { IconButton, Menu, notify, placeOf, useJudge, type MenuEntry, type MenuGroup } from "../ui";
import { below, folderAddress, parentOf } from "./crumbs";
import { CloneDialog } from "./CloneDialog";
import { exportForms, exportItem, judged, type ItemAction, type TreeItem } from "./items";
import { MoveDialog } from "./MoveDialog";
import { RenameDialog } from "./RenameDialog";
import { TrashDialog } from "./TrashDialog";

type Doing = "rename" | "move" | "clone" | "trash";

interface ItemMenuProps {
  item: TreeItem;
  /** On the item's own page: when it goes to the trash, its folder is shown. */
  here?: boolean;
}

/** What can be done with something in the tree; what is not the viewer's is there too, and says why. */
export function ItemMenu({ item, here = false }: ItemMenuProps) {
  const [doing, setDoing] = useState<Doing>();
  const navigate = useNavigate();
  const close = () => {
    setDoing(undefined);
  };
  const gone = () => {
    if (here && item.path) void navigate(folderAddress(parentOf(item.path)));
  };
  // A folder's page has its path as its address; all others are found by their ids wherever they are.
  const moved = (path: string) => {
    if (here && item.kind === "directory") void navigate(folderAddress(path), { replace: true });
  };
  return (
    <>
      <Menu
        label={`Actions for ${item.name}`}
        trigger={
          <IconButton label={`Actions for ${item.name}`} size={here ? "m" : "s"}>
            <Ellipsis aria-hidden="true" size={16} />
          </IconButton>
        }
        groups={useGroups(item, here, setDoing)}
      />
      {doing === "rename" ? <RenameDialog item={item} close={close} done={moved} /> : null}
      {doing === "move" ? <MoveDialog items={[item]} close={close} done={(folder) => { moved(below(folder, item.name)); }} /> : null}
      {doing === "clone" ? <CloneDialog item={item} close={close} /> : null}
      {doing === "trash" ? <TrashDialog items={[item]} close={close} done={gone} /> : null}
    </>
  );
}

function useGroups(item: TreeItem, here: boolean, act: (what: Doing) => void): MenuGroup[] {
  const permissions = usePermissionsDialog();
  const refuse = useJudge();
  const refusal = (action: ItemAction["action"]) => {
    const by = judged(item, action);
    return by ? refuse(by.ability, by.on) : undefined;
  };
  const entries = (id: Doing, text: string): MenuEntry[] => {
    const refused = refusal(id);
    return refused === undefined ? [] : [{ id, text, refused, danger: id === "trash", onAction: () => { act(id); } }];
  };
  const place = placeOf(item);
  return [
    { entries: here || !place ? [] : [{ id: "open", text: "Open", href: place }] },
    {
      entries: [
        { id: "permissions", text: "Permissions", onAction: () => { permissions.open({ object: item }); } },
        { id: "who", text: "Who can…", href: `/access?object=${encodeURIComponent(item.object)}` },
      ],
    },
    { entries: [...entries("rename", "Rename"), ...entries("move", "Move"), ...entries("clone", "Clone"), ...exportEntries(item, refusal("export") ?? null)] },
    { entries: entries("trash", "Move to trash") },
  ];
}

function exportEntries(item: TreeItem, refused: MenuEntry["refused"]): MenuEntry[] {
  return exportForms(item).map((form) => ({
    id: form.format, text: form.text, ...(refused === undefined ? {} : { refused }),
    onAction: () => {
      exportItem(item, form.format, form.extension).catch((error: unknown) => {
        notify(error instanceof Error ? error.message : "The export failed.", { tone: "bad" });
      });
    },
  }));
}
