import { Box, FlaskConical, Folder, GitPullRequestArrow, House, ScrollText, Settings, UserRoundCog, Users, type LucideIcon } from "lucide-react";

/** A page that the sidebar and the palette lead to. */
export interface Destination {
  to: string;
  text: string;
  icon: LucideIcon;
  /** The second key after g. */
  key?: string;
  /** Further words that find it. */
  words?: string;
}

export interface DestinationGroup {
  title: string;
  entries: readonly Destination[];
}

export const account: Destination = { to: "/account", text: "Account", icon: UserRoundCog, words: "token tokens sessions theme shortcuts profile" };

export const destinations: readonly DestinationGroup[] = [
  {
    title: "Work",
    entries: [
      { to: "/", text: "Home", icon: House, key: "h" },
      { to: "/workspace", text: "Workspace", icon: Folder, key: "w", words: "folders notebooks files browser" },
      { to: "/experiments", text: "Experiments", icon: FlaskConical, key: "e", words: "runs metrics" },
      { to: "/models", text: "Models", icon: Box, key: "m", words: "registry registered versions" },
      { to: "/requests", text: "Requests", icon: GitPullRequestArrow, key: "r", words: "transition approvals approve reject stage" },
    ],
  },
  {
    title: "Governance",
    entries: [
      { to: "/access", text: "Who can", icon: Users, key: "p", words: "access permissions people explorer" },
      { to: "/audit", text: "Audit", icon: ScrollText, key: "a", words: "ledger log events history" },
      { to: "/settings/access-control", text: "Settings", icon: Settings, key: "s", words: "users groups service principals credentials tokens webhooks backups access control administration" },
    ],
  },
];

/** All pages in one list. */
export const allDestinations: readonly Destination[] = [...destinations.flatMap((g) => g.entries), account];

/** Whether a page of the sidebar is the one shown, or one above it. */
export function isCurrent(to: string, pathname: string): boolean {
  if (to === "/") return pathname === "/";
  const root = `/${to.split("/")[1] ?? ""}`;
  if (root === "/workspace" && /^\/(notebooks|files)\//.test(pathname)) return true;
  if (root === "/experiments" && pathname === "/compare") return true;
  return pathname === root || pathname.startsWith(`${root}/`);
}
