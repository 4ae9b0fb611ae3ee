import { useEffect, useRef, useState } from "react";
import { Link2 } from "lucide-react";
import { useLocation } from "react-router";
import { useObject } from "../api/hooks";
import { useLive } from "../api/live";
import type { ObjectAnswer, ObjectRef } from "../api/types";
import type { PermissionsRequest } from "../app/permissions";
import { AlertDialog, announce, Button, copyText, Dialog, placeOf, plural, Problem, Skeleton } from "../ui";
import { PermissionsFoot, PermissionsForm, useStaged } from "./PermissionsForm";
import styles from "./Permissions.module.css";
import { objectTitle } from "./sentences";
import { usePermissions } from "./usePermissions";

export interface PermissionsDialogProps {
  request: PermissionsRequest;
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
}

const lastPart = (object: { name?: string; object: string; path?: string }) =>
  object.name !== undefined && object.name !== "" && object.name !== "root" ? object.name : objectTitle(object);

/** Who may do what with an object. Works for every kind of the permissions API: levels, entries and rules are the server's. */
export function PermissionsDialog({ request, isOpen, onOpenChange }: PermissionsDialogProps) {
  const [asks, setAsks] = useState(false);
  const asked = useObject(request.object.object);
  const governs = asked.data ? governed(asked.data) : undefined;
  const object: ObjectRef = governs ?? { kind: "", name: "", ...request.object };
  const permissions = usePermissions(governs?.object);
  const canChange = asked.data?.abilities.includes("change-permissions") ?? false;
  const close = () => onOpenChange(false);
  const staged = useStaged(object, permissions.data?.acl, canChange, close);
  useLive(governs?.object);
  useCloseOnLeave(close);
  const leave = () => (staged.staged > 0 ? setAsks(true) : close());
  const error = asked.error ?? permissions.error;
  // One dialog for all states: another one in its place would not know where the focus is to go back to.
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={(open) => (open ? onOpenChange(true) : leave())}
      isDismissable={staged.staged === 0}
      title={`Permissions of ${lastPart(object)}`}
      about={<About object={object} />}
      footer={staged.isRead ? <PermissionsFoot object={object} staged={staged} close={leave} /> : undefined}
      size="wide"
    >
      {staged.isRead ? (
        <PermissionsForm object={object} levels={permissions.data?.levels ?? []} staged={staged} />
      ) : error ? (
        <Problem title="The permissions cannot be shown." error={error} object={object.object} />
      ) : (
        <Skeleton lines={8} label="Loading the permissions" />
      )}
      <Discard isOpen={asks} onOpenChange={setAsks} count={staged.staged} discard={close} />
    </Dialog>
  );
}

interface DiscardProps {
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
  count: number;
  discard: () => void;
}

/** Asks before staged changes are lost. */
function Discard({ isOpen, onOpenChange, count, discard }: DiscardProps) {
  const confirm = () => {
    discard();
    return Promise.resolve();
  };
  return (
    <AlertDialog isOpen={isOpen} onOpenChange={onOpenChange} title="Discard what you changed?" action={`Discard ${plural(count, "change")}`} onConfirm={confirm}>
      Nothing of it was saved. The permissions stay as they are.
    </AlertDialog>
  );
}

/** A run follows its experiment; everything else has permissions of its own. */
function governed(answer: ObjectAnswer): ObjectRef {
  const above = answer.chain[1];
  return answer.kind === "run" && above ? above : answer;
}

/** A link in the dialog leads to another page: the dialog does not stay over it. */
function useCloseOnLeave(close: () => void) {
  const { pathname, search } = useLocation();
  const here = useRef(pathname + search);
  useEffect(() => {
    if (here.current !== pathname + search) close();
  }, [pathname, search, close]);
}

function About({ object }: { object: { object: string; kind?: string; name?: string; path?: string } }) {
  const { kind = "", name = "" } = object;
  const place = placeOf({ ...object, kind, name });
  const copy = () => {
    void copyText(`${window.location.origin}/#${place ?? ""}`).then((worked) => announce(worked ? "Copied the link." : "The link could not be copied."));
  };
  return (
    <div className={styles.about}>
      <bdi className="break">{objectTitle(object)}</bdi>
      {place === undefined ? null : (
        <Button size="s" variant="quiet" icon={<Link2 aria-hidden="true" />} onPress={copy}>
          Copy link
        </Button>
      )}
    </div>
  );
}
