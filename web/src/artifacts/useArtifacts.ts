import { useQueries, useQuery } from "@tanstack/react-query";
import { get, send } from "../api/client";
import { listing, nameOf, sourceKey, viewAddress, type ArtifactEntry, type ArtifactList, type ArtifactSource } from "./source";

/** A folder's content, folders first, and whether more is there than was read. */
export interface Folder {
  entries: ArtifactEntry[];
  cut: boolean;
}

/** The most pages of a folder that are read: 10,000 entries. */
const mostPages = 10;

const collator = new Intl.Collator(undefined, { numeric: true });

/** Folders first, then by name as people read numbers. */
export function inOrder(entries: readonly ArtifactEntry[]): ArtifactEntry[] {
  return [...entries].sort((a, b) => Number(b.is_dir ?? false) - Number(a.is_dir ?? false) || collator.compare(nameOf(a.path), nameOf(b.path)));
}

async function readFolder(source: ArtifactSource, folder: string, signal: AbortSignal): Promise<Folder> {
  const entries: ArtifactEntry[] = [];
  let token: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const { path, params } = listing(source, folder, token);
    const answer = await get<ArtifactList>(path, params, { signal });
    entries.push(...(answer.files ?? []));
    token = answer.next_page_token;
    if (!token) break;
  }
  return { entries: inOrder(entries), cut: Boolean(token) };
}

/** Reads the root and all open folders; by path, "" for the root. */
export function useFolders(source: ArtifactSource, open: readonly string[], every?: number) {
  return useQueries({
    queries: ["", ...open].map((folder) => ({
      queryKey: ["artifacts", sourceKey(source), folder],
      queryFn: ({ signal }: { signal: AbortSignal }) => readFolder(source, folder, signal),
      refetchInterval: every ?? false,
    })),
    combine: (results) => {
      const folders = new Map<string, Folder>();
      results.forEach(({ data }, i) => data && folders.set(i === 0 ? "" : (open[i - 1] ?? ""), data));
      return { folders, root: results[0] };
    },
  });
}

export interface TextFile {
  text: string;
  /** Size of the whole file, when only its beginning was read. */
  cutFrom: number | undefined;
}

/** What of a text is read at most: above it the screen gets slow, and nobody reads on. */
export const textLimit = 2_000_000;

/** Reads a text, or its beginning. */
export function useTextFile(source: ArtifactSource, path: string) {
  return useQuery({
    queryKey: ["artifact", sourceKey(source), path],
    queryFn: async ({ signal }): Promise<TextFile> => {
      const response = await send("GET", viewAddress(source, path, textLimit), { signal, headers: { Accept: "*/*" } });
      const cut = response.headers.get("X-Bailiwick-Truncated") === "true";
      return { text: await response.text(), cutFrom: cut ? Number(response.headers.get("X-Bailiwick-Size")) : undefined };
    },
    staleTime: 60_000,
  });
}
