import type { ReactNode } from "react";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { get } from "../api/client";
import { LevelBadge, type TreeNode } from "../ui";
import { parentOf } from "./crumbs";
import type { TreeItem, TreePage } from "./items";

/** Most folders that a level of the tree shows; the list beside it pages through all. */
const most = 500;

const keyOf = (path: string) => ["/tree", { path, max_results: most }];

/** The folders below the root as far as they are opened, each read when it is. Keys are paths. */
export function useFolderTree(expanded: ReadonlySet<string>, icon: ReactNode): TreeNode[] {
  const client = useQueryClient();
  // What was opened and is gone since (renamed, moved, deleted) is not asked for again.
  const isGone = (path: string) => client.getQueryData<TreePage>(keyOf(parentOf(path)))?.items.every((item) => item.path !== path) === true;
  const open = ["/", ...[...expanded].filter((path) => path !== "/" && !isGone(path))];
  const answers = useQueries({
    queries: open.map((path) => ({
      queryKey: keyOf(path),
      queryFn: ({ signal }: { signal: AbortSignal }) => get<TreePage>("/tree", { path, max_results: most }, { signal }),
      retry: false,
    })),
  });
  const children = new Map<string, TreeItem[]>();
  open.forEach((path, at) => {
    const answer = answers[at];
    if (answer?.data) children.set(path, answer.data.items.filter((item) => item.kind === "directory"));
    else if (answer?.isError) children.set(path, []);
  });
  const nodesBelow = (path: string): TreeNode[] | undefined =>
    children.get(path)?.map((item) => {
      const at = item.path ?? "";
      return {
        key: at, name: item.name, icon, trailing: <LevelBadge level={item.level} compact />, hasChildren: item.has_children ?? true,
        ...(expanded.has(at) ? { children: nodesBelow(at) } : {}),
      };
    });
  return [{ key: "/", name: "Workspace", icon, hasChildren: true, children: nodesBelow("/") }];
}
