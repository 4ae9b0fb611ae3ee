/** What screens ask the server through: cached, shared between components, renewed after changes. */
import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { ApiError, call, get, type Answer, type Params } from "./client";
import type { ObjectAnswer, Session } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      refetchOnWindowFocus: true,
    },
  },
});

export interface GetOptions {
  enabled?: boolean;
  /** Show the last answer while the next one loads: for pages and filters of one table. */
  keep?: boolean;
  /** Ask again every so many milliseconds. */
  every?: number;
  /** Further keys of the query, e.g. the object it is about, so that live updates renew it. */
  about?: readonly string[];
}

/** Reads a path of the server, as `get` does. Query keys are [path, params, ...about]: invalidate by the path to read anew. */
export function useGet<T>(path: string, params?: Params, options: GetOptions = {}): UseQueryResult<T> {
  return useQuery<T>({
    queryKey: [path, params ?? {}, ...(options.about ?? [])],
    queryFn: ({ signal }) => get<T>(path, params, { signal }),
    enabled: options.enabled ?? true,
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
    ...(options.every ? { refetchInterval: options.every } : {}),
  });
}

/** Like useGet, with the answer's ETag beside it, for what is saved with If-Match. */
export function useGetTagged<T>(path: string, params?: Params, options: GetOptions = {}): UseQueryResult<Answer<T>> {
  return useQuery<Answer<T>>({
    queryKey: [path, params ?? {}, "tagged", ...(options.about ?? [])],
    queryFn: ({ signal }) => call<T>("GET", path, params ? { params, signal } : { signal }),
    enabled: options.enabled ?? true,
  });
}

/** Reads a list page by page: `items` of all pages so far, `more()` for the next one. `pick` takes the items out of an answer. */
export function usePaged<A extends { next_page_token?: string }, T>(path: string, params: Params, pick: (answer: A) => T[] | undefined, enabled = true) {
  const query = useInfiniteQuery({
    queryKey: [path, params, "paged"],
    queryFn: ({ pageParam, signal }) => get<A>(path, { ...params, page_token: pageParam || undefined }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token ?? undefined,
    enabled,
    placeholderData: keepPreviousData,
  });
  const items = query.data?.pages.flatMap((page) => pick(page) ?? []) ?? [];
  return { ...query, items, more: () => void query.fetchNextPage() };
}

/** The session; null when nobody is signed in, undefined while that is being asked. */
export function useSession(): UseQueryResult<Session | null> {
  return useQuery<Session | null>({ queryKey: ["/session"], queryFn: readSession, staleTime: Infinity, retry: 1, refetchOnWindowFocus: false });
}

/** The readable twin of the session's cookie, which the server sets and takes away with it. Without it there is no session to ask about. */
const twin = "mlflow-request-header-X-CSRF-Token=";

async function readSession(): Promise<Session | null> {
  if (!document.cookie.includes(twin)) return null;
  try {
    return await get<Session>("/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** An object by its text ("experiments/123") or path, with the viewer's abilities and the chain above it. */
export function useObject(object: string | undefined) {
  return useGet<ObjectAnswer>("/object", { object }, { enabled: object !== undefined && object !== "", about: object ? [object] : [] });
}

/**
 * A change: runs `act`, then reads anew every query whose key begins with one of the paths in `renews`.
 * `mutate(input)` starts it; `isPending` and `error` go to the button and <Problem>.
 */
export function useChange<I, O>(act: (input: I) => Promise<O>, renews: readonly string[] = [], done?: (output: O, input: I) => void) {
  const client = useQueryClient();
  return useMutation<O, Error, I>({
    mutationFn: act,
    onSuccess: async (output, input) => {
      await Promise.all(renews.map((path) => client.invalidateQueries({ queryKey: [path] })));
      done?.(output, input);
    },
  });
}
