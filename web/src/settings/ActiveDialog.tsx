import { useChange } from "../api/hooks";
import { AlertDialog, notify } from "../ui";
import { setActive, type PrincipalRow } from "./principals";

interface ActiveDialogProps {
  principal: PrincipalRow;
  resource: "Users" | "ServicePrincipals";
  close: () => void;
}

/** Asks before somebody is kept out, or let in again. */
export function ActiveDialog({ principal, resource, close }: ActiveDialogProps) {
  const name = principal.display_name || principal.name;
  const change = useChange(() => setActive(resource, principal.id, !principal.active), ["/principals"], () => {
    notify(`${name} is ${principal.active ? "not active any more" : "active"}.`);
  });
  return (
    <AlertDialog
      isOpen
      onOpenChange={close}
      title={principal.active ? `Deactivate ${name}?` : `Activate ${name}?`}
      action={principal.active ? "Deactivate" : "Activate"}
      harmless={!principal.active}
      onConfirm={() => change.mutateAsync(undefined)}
    >
      {principal.active
        ? "Tokens and sessions stop counting at once. Entries in permissions are kept, and count again after an activation."
        : "Tokens that were not revoked count again, and so do the entries in permissions."}
    </AlertDialog>
  );
}
