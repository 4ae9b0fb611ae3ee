import type { ObjectAnswer, ObjectRef } from "../api/types";
import type { Crumb } from "../ui";

/** The address of a folder in the browser. */
export const folderAddress = (path: string) => `/workspace?path=${encodeURIComponent(path)}`;

/** The folder that a path lies in. */
export const parentOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || "/";

/** A path below a folder. */
export const below = (folder: string, name: string) => (folder === "/" ? `/${name}` : `${folder}/${name}`);

/** The last part of a path; of the root the word for it. */
export const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1) || "Workspace";

/** The way from the root to an object, without itself, as far as the viewer may know it. */
export function crumbsOf(item: Pick<ObjectAnswer, "object" | "chain">): Crumb[] {
  return item.chain
    .filter((at) => at.object !== item.object)
    .map(crumbOf)
    .reverse();
}

function crumbOf(at: ObjectRef): Crumb {
  if (at.kind !== "directory" || at.path === undefined) return { text: at.name };
  return { text: lastOf(at.path), to: folderAddress(at.path) };
}
