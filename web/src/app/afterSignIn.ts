/** Where a person goes after signing in: a page of the console, stay (to undefined), or an address outside of it. */
export type Goal = { to: string | undefined } | { outside: string };

/** Where a program's user login goes on, with its parameters after it. */
const LOGIN = "/oidc/v1/authorize?";

interface Place {
  pathname: string;
  search: string;
}

/**
 * What a sign-in by a provider is begun with: where the person is to come back to, as the server takes it (a page, or "mlflow" with its hash); ""
 * for the start page. The server checks it again.
 */
export function nextOf(page: Place, window: { search: string; hash: string }): string {
  const goal = afterSignIn(page, window);
  if ("outside" in goal) return goal.outside.replace(/^\/mlflow\//, "mlflow").replace(LOGIN, "oauth?");
  return (goal.to ?? page.pathname + page.search).replace(/^\/$/, "");
}

/**
 * The page is at the address that the person wanted, so he mostly stays. /sign-in leads home, or where its `next` says. `next=mlflow`, there or
 * before the hash (where the server's redirect from /mlflow/ puts it; browsers keep the hash through a redirect), leads to MLflow's own pages
 * with their hash; `next=oauth?…` to the page that asks whether a program may come in. Other addresses are never followed, so that no link can lead out of here.
 */
export function afterSignIn(page: Place, window: { search: string; hash: string }): Goal {
  if (new URLSearchParams(window.search).get("next") === "mlflow") return { outside: `/mlflow/${window.hash}` };
  if (page.pathname !== "/sign-in") return { to: undefined };
  const next = new URLSearchParams(page.search).get("next") ?? "/";
  if (next === "mlflow") return { outside: "/mlflow/" };
  if (next.startsWith("oauth?")) return { outside: LOGIN + next.slice("oauth?".length) };
  return { to: /^\/(?!\/|sign-in)/.test(next) ? next : "/" };
}
