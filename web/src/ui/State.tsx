/** What a screen shows while there is nothing else: empty, loading, more to load, a notice. */
import type { ReactNode } from "react";
import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import { Button } from "./Button";
import { countText } from "./format";
import styles from "./State.module.css";
import { classes } from "./classes";

export interface EmptyProps {
  title: string;
  icon?: ReactNode;
  /** What to do first. */
  children?: ReactNode;
  actions?: ReactNode;
  level?: 2 | 3;
}

/** An empty list that says what to do first. */
export function Empty({ title, icon, children, actions, level = 2 }: EmptyProps) {
  const Title = level === 2 ? "h2" : "h3";
  return (
    <div className={styles.empty}>
      {icon}
      <Title>{title}</Title>
      {children ? <div className={classes(styles.emptyBody, "stack")}>{children}</div> : null}
      {actions ? <div className="row">{actions}</div> : null}
    </div>
  );
}

const noticeIcons = { plain: Info, warn: TriangleAlert, good: CircleCheck };

export interface NoticeProps {
  tone?: "plain" | "warn" | "good";
  children: ReactNode;
}

/** A sentence set apart: a hint, a warning, a result. */
export function Notice({ tone = "plain", children }: NoticeProps) {
  const Icon = noticeIcons[tone];
  return (
    <div className={classes(styles.notice, tone !== "plain" && styles[tone])}>
      <Icon aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}

/** A turning wheel with words. */
export function Spinner({ label = "Loading…" }: { label?: string }) {
  return (
    <div className={styles.spinner} role="status">
      <span className={styles.wheel} aria-hidden="true" />
      <span>{label}</span>
    </div>
  );
}

/** Grey lines where a table or text will be. */
export function Skeleton({ lines = 6, label = "Loading" }: { lines?: number; label?: string }) {
  const widths = ["92%", "78%", "85%", "64%", "88%", "71%"];
  return (
    <div className={styles.skeleton} role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className={styles.bone} style={{ width: widths[i % widths.length] }} />
      ))}
    </div>
  );
}

export interface MoreProps {
  /** From usePaged. */
  list: { items: readonly unknown[]; hasNextPage: boolean; isFetchingNextPage: boolean; more: () => void };
  /** What is listed: "runs". */
  what: string;
}

/** Below a list read page by page: how many are shown, and a button for the next ones. */
export function More({ list, what }: MoreProps) {
  if (!list.hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button onPress={list.more} isPending={list.isFetchingNextPage}>
        Show more {what}
      </Button>
      <span className="faint small" role="status">
        {countText(list.items.length)} shown
      </span>
    </div>
  );
}
