import { useState } from "react";
import { ChevronDown, CircleUserRound, Keyboard, LogOut, Menu as MenuIcon, Monitor, Moon, Search, Sun, UserRoundCog, X } from "lucide-react";
import { Dialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useNavigate } from "react-router";
import { Button, IconButton, KeyHint, Menu, notify, type MenuGroup } from "../ui";
import { useCommands } from "./commands";
import { prefer, usePreferences, type Preferences } from "./preferences";
import { useViewer } from "./session";
import { Brand, Navigation } from "./Sidebar";
import styles from "./Shell.module.css";
import { useSignOut } from "./signout";

/** Search, theme and account, above every page. */
export function TopBar() {
  const { openPalette } = useCommands();
  return (
    <header className={styles.bar}>
      <NarrowMenu />
      <button type="button" className={styles.search} onClick={openPalette} aria-haspopup="dialog" aria-keyshortcuts="/ Control+K Meta+K">
        <Search aria-hidden="true" />
        <span>Search or go to…</span>
        <span className={styles.hint}>
          <KeyHint keys="Mod K" />
        </span>
      </button>
      <span className={styles.gap} />
      <ThemeMenu />
      <AccountMenu />
    </header>
  );
}

function NarrowMenu() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles.burger}>
      <IconButton label="Open the menu" onPress={() => setOpen(true)}>
        <MenuIcon aria-hidden="true" />
      </IconButton>
      <ModalOverlay isOpen={isOpen} onOpenChange={setOpen} isDismissable className={styles.menuScrim ?? ""}>
        <Modal className={styles.menu ?? ""}>
          <Dialog aria-label="Menu" style={{ outline: 0 }}>
            <div className={styles.menuHead}>
              <Brand />
              <IconButton label="Close the menu" onPress={() => setOpen(false)}>
                <X aria-hidden="true" />
              </IconButton>
            </div>
            {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events -- hears the clicks of the links inside */}
            <div onClick={() => setOpen(false)}>
              <Navigation />
            </div>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </div>
  );
}

const themes: { id: Preferences["theme"]; text: string; Icon: typeof Sun }[] = [
  { id: "system", text: "As the system", Icon: Monitor },
  { id: "light", text: "Light", Icon: Sun },
  { id: "dark", text: "Dark", Icon: Moon },
];

function ThemeMenu() {
  const { theme } = usePreferences();
  const Shown = themes.find((t) => t.id === theme)?.Icon ?? Monitor;
  const entries = themes.map(({ id, text, Icon }) => ({
    id,
    text: id === theme ? `${text} (now)` : text,
    icon: <Icon aria-hidden="true" />,
    onAction: () => prefer("theme", id),
  }));
  const trigger = (
    <IconButton label="Theme">
      <Shown aria-hidden="true" />
    </IconButton>
  );
  return <Menu label="Theme" trigger={trigger} groups={[{ entries }]} />;
}

function AccountMenu() {
  const viewer = useViewer();
  const navigate = useNavigate();
  const { openShortcuts } = useCommands();
  const signOut = useSignOut();
  const groups: MenuGroup[] = [
    {
      title: roleOf(viewer),
      entries: [
        { id: "account", text: "Account and tokens", icon: <UserRoundCog aria-hidden="true" />, onAction: () => void navigate("/account") },
        { id: "shortcuts", text: "Keyboard shortcuts", icon: <Keyboard aria-hidden="true" />, onAction: openShortcuts },
      ],
    },
    {
      entries: [
        {
          id: "sign-out",
          text: "Sign out",
          icon: <LogOut aria-hidden="true" />,
          onAction: () => signOut.mutate(undefined, { onError: (e) => notify(e.message, { tone: "bad" }) }),
        },
      ],
    },
  ];
  const trigger = (
    <Button variant="quiet" icon={<CircleUserRound aria-hidden="true" />} aria-label={`Account of ${viewer.user.name}`}>
      <span className={styles.who}>{viewer.user.display_name ?? viewer.user.name}</span>
      <ChevronDown aria-hidden="true" />
    </Button>
  );
  return <Menu label="Account" trigger={trigger} groups={groups} />;
}

function roleOf(viewer: { user: { name: string }; administrator: boolean; auditor: boolean }): string {
  if (viewer.administrator) return `${viewer.user.name}, administrator`;
  return viewer.auditor ? `${viewer.user.name}, auditor` : viewer.user.name;
}
