/** Where artifacts are: with a run, a logged model, or a version of a registered model; and the addresses that list, show and save them. */
import { address, mlflow, type Params } from "../api/client";

export type ArtifactSource =
  | { kind: "run"; run: string }
  | { kind: "logged-model"; model: string }
  | { kind: "version"; name: string; version: string };

/** A file or folder as the server lists it; `path` is from the root of the source. */
export interface ArtifactEntry {
  path: string;
  is_dir?: boolean;
  file_size?: number;
}

export interface ArtifactList {
  files?: ArtifactEntry[];
  next_page_token?: string;
}

interface Asked {
  path: string;
  params: Params;
}

/** How a folder is listed; "" is the root. */
export function listing(source: ArtifactSource, folder: string, token?: string): Asked {
  const path = folder || undefined;
  switch (source.kind) {
    case "run":
      return { path: `${mlflow}/artifacts/list`, params: { run_id: source.run, path, page_token: token } };
    case "logged-model":
      return {
        path: `${mlflow}/logged-models/${encodeURIComponent(source.model)}/artifacts/directories`,
        params: { artifact_directory_path: path, page_token: token },
      };
    case "version":
      return { path: `${mlflow}/model-versions/list-artifacts`, params: { name: source.name, version: source.version, path, page_token: token } };
  }
}

const owner = (source: ArtifactSource): Params => {
  if (source.kind === "run") return { run_id: source.run };
  return source.kind === "logged-model" ? { model_id: source.model } : { name: source.name, version: source.version };
};

/** The address that shows a file in its place; the server sends it so that it can do nothing there. */
export function viewAddress(source: ArtifactSource, path: string, maxBytes?: number): string {
  return address("/artifacts/view", { ...owner(source), path, max_bytes: maxBytes });
}

/** The address that saves a file, as MLflow's own pages do. */
export function saveAddress(source: ArtifactSource, path: string): string {
  switch (source.kind) {
    case "run":
      return address(`${mlflow}/get-artifact`, { run_id: source.run, path });
    case "logged-model":
      return address(`${mlflow}/logged-models/${encodeURIComponent(source.model)}/artifacts/files`, { artifact_file_path: path });
    case "version":
      // Stands at the root, as in MLflow, and so is written by hand.
      return `/model-versions/get-artifact?${new URLSearchParams({ name: source.name, version: source.version, path }).toString()}`;
  }
}

/** A text that names a source, for keys. */
export function sourceKey(source: ArtifactSource): string {
  if (source.kind === "run") return `runs/${source.run}`;
  return source.kind === "logged-model" ? `models/${source.model}` : `versions/${source.name}/${source.version}`;
}

/** "model/MLmodel" → "MLmodel". */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The folders above a path: "a/b/c" → ["a", "a/b"]. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
