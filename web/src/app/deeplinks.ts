/** Addresses that other programs print, as pages of this console. MLflow's own (#/experiments/1/runs/abc, #/models/churn) are ours as they stand. */

const rules: [RegExp, string][] = [
  // Databricks, old form: #mlflow/experiments/1/runs/abc, #mlflow/models/churn/versions/3
  [/^mlflow\/experiments\/([^/?]+)\/runs?\/([^/?]+)/, "/experiments/$1/runs/$2"],
  [/^mlflow\/experiments\/([^/?]+)/, "/experiments/$1"],
  [/^mlflow\/experiments\/?$/, "/experiments"],
  [/^mlflow\/models\/([^/?]+)\/versions?\/([^/?]+)/, "/models/$1/versions/$2"],
  [/^mlflow\/models\/([^/?]+)/, "/models/$1"],
  [/^mlflow\/models\/?$/, "/models"],
  // Databricks, new form: /ml/experiments/1/runs/abc as a path, and with a hash before it
  [/^ml\/experiments\/([^/?]+)\/runs?\/([^/?]+)/, "/experiments/$1/runs/$2"],
  [/^ml\/experiments\/([^/?]+)\/models\/([^/?]+)/, "/experiments/$1/models/$2"],
  [/^ml\/experiments\/([^/?]+)/, "/experiments/$1"],
  [/^ml\/experiments\/?$/, "/experiments"],
  [/^ml\/models\/([^/?]+)\/versions?\/([^/?]+)/, "/models/$1/versions/$2"],
  [/^ml\/models\/([^/?]+)/, "/models/$1"],
  [/^ml\/models\/?$/, "/models"],
  [/^notebook\/(\d+)/, "/notebooks/$1"],
  [/^(?:editor\/)?notebooks\/(\d+)/, "/notebooks/$1"],
  [/^(?:editor\/)?files\/(\d+)/, "/files/$1"],
  [/^folder\/(\d+)/, "/folders/$1"],
  [/^workspace(\/[^?]*)/, "/workspace?path=$1"],
  [/^(?:setting\/account|settings\/user(?![a-z]))/, "/account"],
  // MLflow 3's pages of an experiment and the older compare pages
  [/^experiments\/([^/?]+)\/(?:evaluation-runs|runs)\/?$/, "/experiments/$1"],
  [/^experiments\/([^/?]+)\/runs\/([^/?]+)\/artifacts?\/?$/, "/experiments/$1/runs/$2?tab=artifacts"],
  [/^experiments\/([^/?]+)\/runs\/([^/?]+)\/(?:model-metrics|metrics)\/?$/, "/experiments/$1/runs/$2?tab=metrics"],
  [/^experiments\/([^/?]+)\/runs\/([^/?]+)\/(?:artifactPath|artifacts)\/(.+)$/, "/experiments/$1/runs/$2?tab=artifacts&path=$3"],
  [/^models\/([^/?]+)\/versions\/([^/?]+)\/.+$/, "/models/$1/versions/$2"],
];

/** The console's hash (without #) for somebody else's; undefined when it is ours already. */
export function rewriteHash(hash: string): string | undefined {
  const text = hash.replace(/^#?\/*/, "");
  if (text.startsWith("workspace?")) return undefined;
  for (const [pattern, page] of rules) {
    const found = pattern.exec(text);
    if (found) return page.replace(/\$(\d)/g, (_, n: string) => found[Number(n)] ?? "");
  }
  // A hash without its slash, as people type it.
  return hash !== "" && !hash.startsWith("#/") && hash !== "#" && text !== "" ? `/${text}` : undefined;
}

/** The same for an address whose path is not /: the server gives the console for /ml/… too. */
export function rewritePath(pathname: string): string | undefined {
  const text = pathname.replace(/^\/+/, "");
  return text === "" || text === "index.html" ? undefined : rewriteHash(text);
}

/** Puts the address right before the router reads it, and whenever a link changes the hash. */
export function rewriteAddress(window: Window) {
  const { location, history } = window;
  const fromPath = rewritePath(location.pathname);
  if (fromPath !== undefined && location.hash === "") history.replaceState(null, "", `/${location.search}#${fromPath}`);
  const fix = () => {
    const hash = rewriteHash(location.hash);
    if (hash !== undefined) history.replaceState(null, "", `${location.pathname}${location.search}#${hash}`);
  };
  fix();
  window.addEventListener("hashchange", fix, { capture: true });
}
