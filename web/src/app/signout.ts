import { useMutation, useQueryClient } from "@tanstack/react-query";
import { del } from "../api/client";

/** Ends this session and forgets all that was shown. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => del("/session"),
    onSuccess: () => {
      // The page is loaded anew, so that nothing of what was shown stays in memory.
      client.clear();
      window.location.hash = "#/";
      window.location.reload();
    },
  });
}
