import { keepPreviousData, useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { get, mlflow, post } from "../../api/client";
import type { ObjectAnswer } from "../../api/types";
import type { Sort } from "../../ui";
import type { ExperimentsAnswer } from "../types";
import { experimentFilter, experimentOrder } from "./filter";

export interface ExperimentsView {
  text: string;
  sort: Sort;
  deleted: boolean;
}

const pageSize = 50;

/** The experiments that the viewer may look at, page by page. */
export function useExperiments(view: ExperimentsView) {
  const body = {
    filter: experimentFilter(view.text),
    order_by: experimentOrder(view.sort.key, view.sort.direction === "ascending"),
    view_type: view.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
    max_results: pageSize,
  };
  const query = useInfiniteQuery({
    queryKey: [`${mlflow}/experiments/search`, body],
    queryFn: ({ pageParam, signal }) => post<ExperimentsAnswer>(`${mlflow}/experiments/search`, { ...body, page_token: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_page_token,
    placeholderData: keepPreviousData,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.experiments ?? []) ?? [], more: () => void query.fetchNextPage() };
}

/** The viewer's level on each experiment; MLflow's list does not tell it. */
export function useLevels(ids: readonly string[]): ReadonlyMap<string, string> {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ["/object", { object: `experiments/${id}` }, `experiments/${id}`],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<ObjectAnswer>("/object", { object: `experiments/${id}` }, { signal }),
      staleTime: 60_000,
    })),
    combine: (results) => new Map(results.flatMap(({ data }, i): [string, string][] => (data ? [[ids[i] ?? "", data.level]] : []))),
  });
}
