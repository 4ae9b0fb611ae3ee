/** Live updates: the server says that an object changed, and what the screen shows of it is read anew. */
import { useEffect, useEffectEvent } from "react";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { liveStream } from "./stream";

function mentions(key: unknown, object: string): boolean {
  if (typeof key === "string") return key === object;
  if (Array.isArray(key)) return key.some((part) => mentions(part, object));
  return typeof key === "object" && key !== null && Object.values(key).some((part) => mentions(part, object));
}

/** Reads anew all queries whose keys name the object. */
export function renewObject(client: QueryClient, object: string) {
  void client.invalidateQueries({ predicate: (query) => mentions(query.queryKey, object) });
}

/**
 * Follows an object ("registered-models/5") while the calling component is shown. Queries that name it are read anew on each change, and
 * `changed` is called. Without server-sent events the screen stays as it is and is renewed as usual, when the window gets the focus.
 */
export function useLive(object: string | undefined, changed?: () => void) {
  const client = useQueryClient();
  const heard = useEffectEvent((about: string) => {
    renewObject(client, about);
    changed?.();
  });
  useEffect(() => {
    if (object === undefined || object === "") return;
    return liveStream.follow(object, () => heard(object));
  }, [object]);
}
