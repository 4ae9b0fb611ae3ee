/** What the models' screens read, and how it is read anew. */
import { useCallback, useState } from "react";
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { ApiError, get, mlflow, send } from "../api/client";
import { useGet, usePaged } from "../api/hooks";
import { useLive } from "../api/live";
import { modelPath, versionPath, versionsPath } from "./paths";
import { readMLmodel } from "./mlmodel";
import type {
  ActivitiesAnswer,
  Lineage,
  Manifest,
  Model,
  ModelsAnswer,
  ModelVersion,
  RequestsAnswer,
  RequiredCheck,
  RequiredTag,
  TwoPersons,
  VersionsAnswer,
} from "./types";

export interface ModelFilter {
  text: string;
  owner: string;
  stage: string;
  order: string;
  /** MLflow's prompts in the place of models. */
  prompts: boolean;
  /** Only what nobody answers for. */
  unowned: boolean;
}

/** Rows of a page: few enough to be drawn at once, and to look through. */
export const pageSize = 50;

/** A page of the registered models, or of the prompts, that the viewer may look at. */
export function useModels({ text, owner, stage, order, prompts, unowned }: ModelFilter, token: string) {
  const filter = { q: text || undefined, owner: owner || undefined, stage: stage || undefined, prompts: prompts || undefined, unowned: unowned || undefined };
  return useGet<ModelsAnswer>("/models", { ...filter, order_by: order, max_results: pageSize, page_token: token || undefined }, { keep: true });
}

export const useModel = (name: string) => useGet<Model>(modelPath(name));

/** A version; asked for again every two seconds while its files are being copied. */
export function useVersion(name: string, version: string, enabled = true) {
  return useQuery({
    queryKey: [versionPath(name, version), {}],
    queryFn: ({ signal }) => get<ModelVersion>(versionPath(name, version), {}, { signal }),
    enabled,
    refetchInterval: (query) => (query.state.data?.status === "PENDING_REGISTRATION" ? 2000 : false),
  });
}

/** A page of a model's versions, newest first, each with what the viewer may do with it. */
export function useVersions(name: string, token: string, size = pageSize) {
  const params = { max_results: size, page_token: token || undefined };
  return useQuery({
    queryKey: [versionsPath(name), params],
    queryFn: ({ signal }) => get<VersionsAnswer>(versionsPath(name), params, { signal }),
    placeholderData: (last, query) => (sameModel(query?.queryKey, name) ? last : undefined),
    refetchInterval: (query) => (query.state.data?.versions.some((v) => v.status === "PENDING_REGISTRATION") ? 2000 : false),
  });
}

const sameModel = (key: readonly unknown[] | undefined, name: string) => key?.[0] === versionsPath(name);

export const useActivities = (name: string, version: string) =>
  usePaged(`${versionPath(name, version)}/activities`, { max_results: 50 }, (a: ActivitiesAnswer) => a.activities);

export const useManifest = (name: string, version: string, enabled: boolean) =>
  useGet<Manifest>(`${versionPath(name, version)}/manifest`, {}, { enabled });

export const useLineage = (name: string, version: string) =>
  useGet<Lineage>("/lineage", { kind: "version", id: `${name}/${version}`, direction: "both" });

export type Whose = "mine" | "decidable" | "all";

/** Pending transition requests, asked for again every ten seconds: new ones come from models that the page does not know yet. */
export function useRequests(whose: Whose, model: string, token: string) {
  return useGet<RequestsAnswer>(
    "/transition-requests",
    { whose, model: model || undefined, max_results: 25, page_token: token || undefined },
    { keep: true, every: 10_000 },
  );
}

export const useRequiredTags = (enabled = true) =>
  useGet<{ required_tags: RequiredTag[] }>("/required-tags", { object: "registered-models/root" }, { enabled });

export const useRequiredChecks = (name: string) => useGet<{ required_checks: RequiredCheck[] }>(`${modelPath(name)}/required-checks`);

export const useTwoPersons = (name: string) => useGet<TwoPersons>(`${modelPath(name)}/two-persons`);

/** The MLmodel file of a version; null where it has none. */
export function useMLmodel(name: string, version: string, enabled: boolean) {
  return useQuery({
    queryKey: ["MLmodel", name, version],
    queryFn: async ({ signal }) => {
      try {
        const response = await send("GET", "/artifacts/view", { params: { name, version, path: "MLmodel" }, signal, headers: { Accept: "*/*" } });
        return readMLmodel(await response.text());
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    enabled,
    staleTime: Infinity,
  });
}

const lists = ["/models", "/transition-requests", "/unowned", "/home", "/lineage", `${mlflow}/registered-models/search`];

/** Reads anew what depends on a model: itself, its versions, and the lists that it is in. */
export function renewModel(client: QueryClient, name: string) {
  const base = modelPath(name);
  const touches = (path: string) => path === base || path.startsWith(`${base}/`) || lists.includes(path);
  return client.invalidateQueries({ predicate: ({ queryKey: [path] }) => typeof path === "string" && touches(path) });
}

/** Reads anew the lists that models are in. */
export function renewLists(client: QueryClient) {
  return client.invalidateQueries({ predicate: ({ queryKey: [path] }) => typeof path === "string" && lists.includes(path) });
}

/** Follows a model while the page is shown. */
export function useLiveModel(name: string, object: string | undefined) {
  const client = useQueryClient();
  const changed = useCallback(() => void renewModel(client, name), [client, name]);
  useLive(object, changed);
}

export interface Pages {
  token: string;
  /** The number of the page, from 0. */
  at: number;
  next: (token: string) => void;
  back: () => void;
}

/** Goes through a list by the server's page tokens; begins anew when `key` (the filter) changes. */
export function usePages(key: string): Pages {
  const [state, setState] = useState({ key, tokens: [""] });
  const tokens = state.key === key ? state.tokens : [""];
  return {
    token: tokens.at(-1) ?? "",
    at: tokens.length - 1,
    next: (token) => setState({ key, tokens: [...tokens, token] }),
    back: () => setState({ key, tokens: tokens.length > 1 ? tokens.slice(0, -1) : tokens }),
  };
}
