import { AlertDialog, notify, plural } from "../ui";
import { useTrash, type TreeItem } from "./items";

interface TrashDialogProps {
  items: readonly TreeItem[];
  close: () => void;
  done?: () => void;
}

/** Asks before things go to the trash. */
export function TrashDialog({ items, close, done }: TrashDialogProps) {
  const trash = useTrash();
  const what = items.length === 1 ? (items[0]?.name ?? "") : plural(items.length, "item");
  const run = async () => {
    for (const item of items) await trash.mutateAsync(item.path ?? "");
    notify(`${what} moved to the trash.`);
    done?.();
  };
  return (
    <AlertDialog isOpen onOpenChange={close} title={`Move ${what} to the trash?`} action="Move to trash" onConfirm={run}>
      Everything in it goes along. Who may restore it finds it in the trash for 30 days; after that it is deleted for good.
    </AlertDialog>
  );
}
