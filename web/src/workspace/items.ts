import { databricks, download, post } from "../api/client";
import { useChange } from "../api/hooks";
import type { Viewed } from "../api/types";
import { below } from "./crumbs";

/** Something that can be done with an item, and the ability that decides: on the item, or on the folder that it lies in. */
export interface ItemAction {
  action: "rename" | "move" | "clone" | "export" | "trash";
  ability: string;
  object: string;
  allowed: boolean;
}

/** A line of a folder. */
export interface TreeItem extends Viewed {
  actions?: ItemAction[];
  has_children?: boolean;
  special?: "root" | "users" | "shared" | "repos" | "removed" | "home";
}

export interface TreePage {
  folder: TreeItem;
  items: TreeItem[];
  next_page_token?: string;
}

/** The item as what <Allowed> and useJudge take for one of its actions; undefined where nobody can do it. */
export function judged(item: TreeItem, action: ItemAction["action"]): { ability: string; on: { object: string; abilities: string[] } } | undefined {
  const found = item.actions?.find((a) => a.action === action);
  return found && { ability: found.ability, on: { object: found.object, abilities: found.allowed ? [found.ability] : [] } };
}

/** What is read anew after something in the tree changed. */
export const treeRenews = ["/tree", "/object", "/search", "/workspace/trash", "/home"];

const workspace = `${databricks}/workspace`;

export const useCreateFolder = (done?: () => void) => useChange((path: string) => post(`${workspace}/mkdirs`, { path }), treeRenews, done);

export const useMove = (done?: () => void) =>
  useChange((move: { path: string; destination: string }) => post("/workspace/move", move), treeRenews, done);

export const useClone = (done?: () => void) =>
  useChange((copy: { path: string; destination: string }) => post("/workspace/clone", copy), treeRenews, done);

/** Moves something into the trash, with all that lies in it. */
export const useTrash = (done?: () => void) => useChange((path: string) => post(`${workspace}/delete`, { path, recursive: true }), treeRenews, done);

/** The forms in which something can be exported; folders go one by one what lies in them. */
export function exportForms(item: Viewed): { format: string; text: string; extension: string }[] {
  if (item.kind === "file") return [{ format: "AUTO", text: "Download", extension: "" }];
  if (item.kind !== "notebook") return [];
  const source = { python: ".py", sql: ".sql", scala: ".scala", r: ".r" }[(item.language ?? "").toLowerCase()] ?? ".py";
  return [
    { format: "SOURCE", text: "Export as source", extension: source },
    { format: "JUPYTER", text: "Export as Jupyter notebook", extension: ".ipynb" },
  ];
}

export const exportItem = (item: Viewed, format: string, extension: string) =>
  download(`${workspace}/export`, item.name.endsWith(extension) ? item.name : item.name + extension, { path: item.path, format, direct_download: true });

/** How a file is imported, by its name: notebooks lose their extension, everything else stays a file. */
export function importOf(name: string): { name: string; format: string; language?: string } {
  const at = name.lastIndexOf(".");
  const base = name.slice(0, at);
  const extension = name.slice(at).toLowerCase();
  const language = { ".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R" }[extension];
  if (at > 0 && extension === ".ipynb") return { name: base, format: "JUPYTER" };
  // An archive holds notebooks: kept as a file it would only look imported. The server says what it takes instead.
  if (at > 0 && extension === ".dbc") return { name: base, format: "DBC" };
  return at > 0 && language ? { name: base, format: "SOURCE", language } : { name, format: "AUTO" };
}

/** How a file is imported: as its name says, except that a source that is no notebook stays a file. */
export async function planOf(file: File): Promise<ReturnType<typeof importOf>> {
  const how = importOf(file.name);
  if (how.format !== "SOURCE") return how;
  const start = await file.slice(0, 200).text();
  return start.split("\n", 1)[0]?.includes("Databricks notebook source") ? how : { name: file.name, format: "AUTO" };
}

/** Sends a file into a folder. */
export async function importFile(folder: string, file: File, overwrite: boolean): Promise<void> {
  const [bytes, { name, ...kind }] = await Promise.all([file.arrayBuffer(), planOf(file)]);
  await post(`${workspace}/import`, { path: below(folder, name), ...kind, overwrite, content: base64(new Uint8Array(bytes)) });
}

/** Base64 of bytes, in pieces: a call takes only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Something in the trash, as GET /workspace/trash tells it. */
export interface Trashed {
  object_id: number | string;
  object_type: string;
  path: string;
  deleted_at: number;
  deleted_by?: string;
  restorable_until: number;
  actions: string[];
}

export const useRestore = (done?: () => void) =>
  useChange(
    ({ id, destination }: { id: Trashed["object_id"]; destination?: string }) => post("/workspace/restore", { object_id: id, ...(destination ? { destination } : {}) }),
    treeRenews,
    done,
  );

/** Deletes for good, which takes several calls where much lies below. */
export const usePurge = (done?: () => void) =>
  useChange(async (id: Trashed["object_id"]) => {
    for (let more = true; more; ) ({ more } = await post<{ more: boolean }>("/workspace/purge", { object_id: id }));
  }, treeRenews, done);

