import { useState, type ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Button } from "./Button";
import styles from "./Dialog.module.css";
import { classes } from "./classes";
import { TextField } from "./Fields";
import { Problem } from "./Problem";

export interface AlertDialogProps {
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  /** The words of the button that does it: "Delete 3 runs". */
  action: string;
  /** Does it; the dialog closes when it is done and shows the error when it fails. */
  onConfirm: () => Promise<unknown>;
  /** Something that can be undone is not shown as destructive. */
  harmless?: boolean;
  /** A text that must be typed before the button works, for what cannot be undone. */
  typed?: string;
}

/** Asks before something destructive. The focus starts on Cancel, so Enter never confirms by default. */
export function AlertDialog({ isOpen, onOpenChange, ...rest }: AlertDialogProps) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={onOpenChange} className={styles.scrim ?? ""}>
      <Modal className={classes(styles.modal, styles.narrow)}>
        <AlertSheet {...rest} close={() => onOpenChange(false)} />
      </Modal>
    </ModalOverlay>
  );
}

type AlertSheetProps = Omit<AlertDialogProps, "isOpen" | "onOpenChange"> & { close: () => void };

function AlertSheet({ title, children, action, onConfirm, harmless, typed, close }: AlertSheetProps) {
  const [text, setText] = useState("");
  const { run, isPending, error } = useAttempt(onConfirm, close);
  return (
    <AriaDialog role="alertdialog" className={styles.dialog ?? ""}>
      <div className={styles.head}>
        <Heading slot="title" level={2} className={styles.title ?? ""}>
          {title}
        </Heading>
      </div>
      <div className={classes(styles.body, "stack")}>
        <div>{children}</div>
        {typed ? <TextField label={`Type ${typed} to go on`} value={text} onChange={setText} autoComplete="off" /> : null}
        {error ? <Problem error={error} /> : null}
      </div>
      <div className={styles.foot}>
        {/* The first focus of the dialog, on purpose: the safe answer. */}
        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
        <Button onPress={close} autoFocus>
          Cancel
        </Button>
        <Button
          variant={harmless ? "primary" : "destroy"}
          isPending={isPending}
          isDisabled={typed !== undefined && text !== typed}
          onPress={run}
        >
          {action}
        </Button>
      </div>
    </AriaDialog>
  );
}

/** Runs an action once at a time and keeps its error. */
function useAttempt(act: () => Promise<unknown>, done: () => void) {
  const [state, setState] = useState<{ isPending: boolean; error: Error | undefined }>({ isPending: false, error: undefined });
  const run = () => {
    setState({ isPending: true, error: undefined });
    act().then(
      () => {
        setState({ isPending: false, error: undefined });
        done();
      },
      (error: unknown) => setState({ isPending: false, error: error instanceof Error ? error : new Error(String(error)) }),
    );
  };
  return { run, ...state };
}
