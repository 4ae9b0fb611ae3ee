import { useEffect, useRef, type ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { X } from "lucide-react";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";
import { classes } from "./classes";

export interface DialogProps {
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** A quieter line below the title, e.g. the object's path. */
  about?: ReactNode;
  children: ReactNode;
  /** Buttons, the primary one last. Without it the cross in the corner closes. */
  footer?: ReactNode;
  size?: "narrow" | "m" | "wide";
  /** Whether a press outside closes; off where staged changes would be lost. Escape closes always, through onOpenChange. */
  isDismissable?: boolean;
}

/** A modal window. The focus stays in it and goes back to where it was; Escape cancels. */
export function Dialog({ isOpen, onOpenChange, title, about, children, footer, size = "m", isDismissable = true }: DialogProps) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={onOpenChange} isDismissable={isDismissable} className={styles.scrim ?? ""}>
      <Modal className={classes(styles.modal, size !== "m" && styles[size])}>
        <Sheet title={title} about={about} footer={footer} close={() => onOpenChange(false)}>
          {children}
        </Sheet>
      </Modal>
    </ModalOverlay>
  );
}

/** A sheet at the right side, for what belongs to the page beside it (explanations, an event, a run's detail). Modal like a dialog. */
export function Drawer({ isOpen, onOpenChange, title, about, children, footer }: Omit<DialogProps, "size" | "isDismissable">) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={onOpenChange} isDismissable className={styles.scrim ?? ""}>
      <Modal className={styles.side ?? ""}>
        <Sheet title={title} about={about} footer={footer} close={() => onOpenChange(false)}>
          {children}
        </Sheet>
      </Modal>
    </ModalOverlay>
  );
}

interface SheetProps {
  title: string;
  about: ReactNode;
  footer: ReactNode;
  close: () => void;
  children: ReactNode;
}

function Sheet({ title, about, footer, close, children }: SheetProps) {
  const dialog = useRef<HTMLElement>(null);
  // A button that goes away when it was pressed takes the focus with it, and Escape would not be heard any more.
  useEffect(() => {
    if (document.activeElement === document.body) dialog.current?.focus();
  });
  return (
    <AriaDialog ref={dialog} className={styles.dialog ?? ""}>
      <div className={styles.head}>
        <div>
          <Heading slot="title" level={2} className={styles.title ?? ""}>
            {title}
          </Heading>
          {about ? <div className={styles.about}>{about}</div> : null}
        </div>
        <IconButton label="Close" size="s" onPress={close}>
          <X aria-hidden="true" />
        </IconButton>
      </div>
      <div className={styles.body}>{children}</div>
      {footer ? <div className={styles.foot}>{footer}</div> : null}
    </AriaDialog>
  );
}
