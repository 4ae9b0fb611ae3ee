import type { ReactElement, ReactNode } from "react";
import { Header } from "react-aria-components/Header";
import { Menu as AriaMenu, MenuItem, MenuSection, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Separator } from "react-aria-components/Separator";
import { Text } from "react-aria-components/Text";
import styles from "./Popover.module.css";
import { classes } from "./classes";
import type { Refused } from "./refused";

export interface MenuEntry {
  id: string;
  text: string;
  what?: string;
  icon?: ReactNode;
  onAction?: () => void;
  /** A page of the console ("/experiments/1") or, with a scheme or file, a plain link. */
  href?: string;
  danger?: boolean;
  isDisabled?: boolean;
  /** From useAllowed: shown as refused with its reason; choosing it explains. */
  refused?: Refused | null;
}

export interface MenuGroup {
  title?: string;
  entries: readonly MenuEntry[];
}

export interface MenuProps {
  /** The button that opens it: a Button or IconButton of the kit. */
  trigger: ReactElement;
  label: string;
  groups: readonly MenuGroup[];
  placement?: "bottom start" | "bottom end" | "top start" | "right top";
}

/** A menu of actions; groups are set apart by lines. */
export function Menu({ trigger, label, groups, placement = "bottom end" }: MenuProps) {
  const shown = groups.filter((group) => group.entries.length > 0);
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover ?? ""} placement={placement} offset={4}>
        <AriaMenu className={styles.list ?? ""} aria-label={label}>
          {shown.flatMap((group, index) => [
            index > 0 ? <Separator key={`line-${index}`} className={styles.separator ?? ""} /> : null,
            <MenuSection key={`group-${index}`} aria-label={group.title ?? `${label}, part ${index + 1}`}>
              {group.title ? <Header className={styles.header ?? ""}>{group.title}</Header> : null}
              {group.entries.map(entryItem)}
            </MenuSection>,
          ])}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

function entryItem(entry: MenuEntry) {
  const what = entry.refused ? entry.refused.reason : entry.what;
  const act = entry.refused ? entry.refused.explain : entry.onAction;
  const look = classes(styles.item, entry.danger && !entry.refused && styles.danger, entry.refused && styles.refused);
  return (
    <MenuItem
      key={entry.id}
      id={entry.id}
      textValue={entry.text}
      className={look}
      isDisabled={entry.isDisabled ?? false}
      {...(act ? { onAction: act } : {})}
      {...(entry.href && !entry.refused ? { href: entry.href } : {})}
    >
      {entry.icon}
      <span className={styles.words}>
        <Text slot="label">{entry.text}</Text>
        {what ? (
          <Text slot="description" className={styles.what ?? ""}>
            {what}
          </Text>
        ) : null}
      </span>
    </MenuItem>
  );
}
