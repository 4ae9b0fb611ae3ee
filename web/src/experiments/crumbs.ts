import type { ObjectRef } from "../api/types";
import { placeOf, type Crumb } from "../ui";

/** The folders above an object, from the root down; the object itself is left out. */
export function folderCrumbs(chain: readonly ObjectRef[]): Crumb[] {
  const folders = chain.filter((ref) => ref.kind === "directory").reverse();
  return folders.map((ref) => ({ text: ref.path === "/" || ref.name === "" ? "Workspace" : ref.name, to: placeOf(ref) }));
}
