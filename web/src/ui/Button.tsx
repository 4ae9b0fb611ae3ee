import { use, useEffect, useId, type ReactNode, type Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Link as RouterLink, type To } from "react-router";
import { announce } from "./announce";
import styles from "./Button.module.css";
import { classes } from "./classes";
import { RefusedContext } from "./refused";
import { Tooltip } from "./Tooltip";

export type ButtonVariant = "default" | "primary" | "quiet" | "danger" | "destroy";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children" | "isPending"> {
  /** What the button does is being done: it keeps the focus, does nothing, and says so when that takes longer. */
  isPending?: boolean;
  variant?: ButtonVariant;
  size?: "m" | "s";
  icon?: ReactNode;
  children?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

const nothing = () => undefined;

/** Props of a button that waits, and the words for it. React Aria's own isPending leaves a nameless element behind when the button goes. */
function usePending(props: AriaButtonProps, isPending: boolean): AriaButtonProps {
  useEffect(() => {
    if (!isPending) return;
    const timer = setTimeout(() => announce("Please wait."), 800);
    return () => clearTimeout(timer);
  }, [isPending]);
  if (!isPending) return props;
  return { ...props, "aria-disabled": true, type: "button", onPress: nothing };
}

/** A button. Inside <Allowed> it explains itself when refused. */
export function Button({ variant = "default", size = "m", icon, children, isPending = false, ...props }: ButtonProps) {
  const rest = usePending(props, isPending);
  const refused = use(RefusedContext);
  const look = classes(styles.button, styles[variant], size === "s" && styles.small);
  if (refused) return <RefusedButton look={look} icon={icon} label={rest["aria-label"]}>{children}</RefusedButton>;
  return (
    <AriaButton {...rest} className={classes(look, isPending && styles.pending)}>
      {isPending ? <span className={styles.spinner} aria-hidden="true" /> : icon}
      {children}
    </AriaButton>
  );
}

interface RefusedProps {
  look: string;
  icon: ReactNode;
  label: string | undefined;
  children?: ReactNode;
}

function RefusedButton({ look, icon, label, children }: RefusedProps) {
  const refused = use(RefusedContext);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={classes(look, styles.refused)}
        aria-disabled="true"
        aria-label={label}
        aria-describedby={id}
        title={refused?.reason}
        onClick={refused?.explain}
      >
        {icon}
        {children}
      </button>
      <span id={id} hidden>
        {refused?.reason} Press to see why.
      </span>
    </>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  /** What the button does; its accessible name and its tooltip. */
  label: string;
  children: ReactNode;
}

/** A button that shows only an icon; its label is read out and shown as a tooltip. */
export function IconButton({ label, children, variant = "quiet", size = "m", isPending = false, ...props }: IconButtonProps) {
  const rest = usePending(props, isPending);
  const refused = use(RefusedContext);
  const look = classes(styles.button, styles[variant], styles.icon, size === "s" && styles.small);
  if (refused) return <RefusedButton look={look} icon={children} label={label} />;
  return (
    <Tooltip text={label}>
      <AriaButton {...rest} aria-label={label} className={classes(look, isPending && styles.pending)}>
        {isPending ? <span className={styles.spinner} aria-hidden="true" /> : children}
      </AriaButton>
    </Tooltip>
  );
}

export interface ButtonLinkProps {
  to: To;
  variant?: ButtonVariant;
  size?: "m" | "s";
  icon?: ReactNode;
  children: ReactNode;
}

/** A link that looks like a button: for going somewhere, not for doing something. */
export function ButtonLink({ to, variant = "default", size = "m", icon, children }: ButtonLinkProps) {
  return (
    <RouterLink to={to} className={classes(styles.button, styles[variant], size === "s" && styles.small)}>
      {icon}
      {children}
    </RouterLink>
  );
}

export interface AnchorButtonProps {
  /** An address of this server outside of the console's own pages. */
  href: string;
  variant?: ButtonVariant;
  children: ReactNode;
}

/** A link that leaves the console and looks like a button: the browser goes there, and nothing of the page stays. */
export function AnchorButton({ href, variant = "default", children }: AnchorButtonProps) {
  return (
    <a href={href} className={classes(styles.button, styles[variant])}>
      {children}
    </a>
  );
}
