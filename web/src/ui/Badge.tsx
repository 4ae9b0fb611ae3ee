import type { ReactNode } from "react";
import styles from "./Badge.module.css";
import { classes } from "./classes";

export type Tone = "plain" | "good" | "warn" | "bad" | "accent" | "violet" | "outline";

export interface BadgeProps {
  tone?: Tone;
  icon?: ReactNode;
  title?: string | undefined;
  children: ReactNode;
}

/** A word or two that say a state. The words carry it, the tone only helps. */
export function Badge({ tone = "plain", icon, title, children }: BadgeProps) {
  return (
    <span className={classes(styles.badge, tone !== "plain" && styles[tone])} title={title}>
      {icon}
      <span className={styles.text}>{children}</span>
    </span>
  );
}
