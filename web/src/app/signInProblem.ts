const name = "bailiwick_sign_in_problem";

/** What the server says of a sign-in by a provider that did not work, in a cookie's text; null for nothing. */
export function problemIn(cookies: string): string | null {
  const found = cookies.split("; ").find((c) => c.startsWith(`${name}=`));
  if (!found) return null;
  try {
    return decodeURIComponent(found.slice(name.length + 1)) || null;
  } catch {
    return null;
  }
}

let taken: string | null = null;

/** Takes what the server said, so that it is shown once; a page that is drawn twice for one visit says it both times. */
export function takeProblem(): string | null {
  const problem = problemIn(document.cookie);
  if (problem !== null) {
    taken = problem;
    document.cookie = `${name}=; Max-Age=0; Path=/; SameSite=Lax`;
    setTimeout(() => (taken = null), 1000);
  }
  return taken;
}
