/** What the dialog asks the server: the object, its list with a version, the effect of what is staged, and saving. */
import { useEffect, useState } from "react";
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { ApiError, call, get, post, put } from "../api/client";
import { renewObject } from "../api/live";
import type { ObjectRef } from "../api/types";
import { readAcl, type Acl, type AclAnswer, type LevelInfo } from "./acl";
import type { Effect } from "./effect";
import type { AclRequest } from "./staging";

/** The permissions of an object and the levels that its kind has, lowest first. */
export interface Permissions {
  acl: Acl;
  levels: readonly LevelInfo[];
}

/** "experiments/1" as a part of an address. */
export const segments = (object: string): string => object.split("/").map(encodeURIComponent).join("/");

/** Reads the list, with what may be changed of it, and the kind's levels. */
export function usePermissions(object: string | undefined): UseQueryResult<Permissions> {
  return useQuery({
    queryKey: ["/permissions", object],
    queryFn: ({ signal }) => readPermissions(object ?? "", signal),
    enabled: object !== undefined,
    refetchOnMount: "always",
  });
}

async function readPermissions(object: string, signal: AbortSignal): Promise<Permissions> {
  const path = segments(object);
  const [list, levels] = await Promise.all([
    call<AclAnswer>("GET", `/permissions/${path}`, { signal }),
    get<{ permission_levels?: LevelInfo[] }>(`/permissions/${path}/levels`, undefined, { signal }),
  ]);
  const known = levels.permission_levels ?? [];
  return { acl: readAcl(list.body, list.etag ?? "", known), levels: known };
}

const previewOf = (object: string, body: string, etag: string) => ({
  queryKey: ["/permissions/preview", object, etag, body],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    post<Effect>(`/permissions/${segments(object)}/preview`, JSON.parse(body) as AclRequest, { ifMatch: etag, signal }),
  retry: false,
});

export interface AskedEffect {
  /** What saving would do now; undefined while it is being worked out: an older answer would mislead. */
  data: Effect | undefined;
  error: Error | null;
  /** Waits for it, also when the last change is only just made. */
  now: () => Promise<Effect>;
}

/** What saving would do. Asked a moment after the last change, so that choosing levels by arrow keys does not ask for each. */
export function useEffectOf(object: string, request: AclRequest, etag: string, enabled: boolean): AskedEffect {
  const client = useQueryClient();
  const wanted = JSON.stringify(request);
  const body = useSettled(wanted, 350);
  const query = useQuery({ ...previewOf(object, body, etag), enabled, refetchOnWindowFocus: false });
  const settled = body === wanted;
  return {
    data: settled ? query.data : undefined,
    error: settled ? query.error : null,
    now: () => client.query(previewOf(object, wanted, etag)),
  };
}

/** A value once it has not changed for some milliseconds. */
export function useSettled<T>(value: T, wait: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}

export interface SaveInput {
  request: AclRequest;
  etag: string;
}

/** Replaces what was given on the object, unless somebody changed it since the version that was read. Reads anew whatever shows it. */
export function useSave(object: ObjectRef, saved: () => void) {
  const client = useQueryClient();
  const renew = () => {
    renewObject(client, object.object);
    for (const path of ["/object", "/tree", "/can", "/who-can", "/what-can", "/home"]) void client.invalidateQueries({ queryKey: [path] });
  };
  return useMutation({
    mutationFn: ({ request, etag }: SaveInput) => put<AclAnswer>(`/permissions/${segments(object.object)}`, request, { ifMatch: etag }),
    onSuccess: () => {
      renew();
      saved();
    },
    onError: (error) => {
      if (isConflict(error)) void client.invalidateQueries({ queryKey: ["/permissions", object.object] });
    },
  });
}

/** Somebody else saved first. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && (error.status === 409 || error.status === 412);
