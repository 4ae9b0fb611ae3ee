import { useSyncExternalStore } from "react";

/** What a token is as a colour now, e.g. resolveColor("--c-1") → "rgb(58, 91, 199)". For charts, which cannot read custom properties. */
export function resolveColor(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

const dark = () => window.matchMedia("(prefers-color-scheme: dark)");

function watch(watcher: () => void) {
  const query = dark();
  query.addEventListener("change", watcher);
  const observer = new MutationObserver(watcher);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    query.removeEventListener("change", watcher);
    observer.disconnect();
  };
}

/** "light" or "dark", as shown now: charts draw anew when it changes. */
export function useShownTheme(): "light" | "dark" {
  return useSyncExternalStore(watch, () => {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "light" || chosen === "dark") return chosen;
    return dark().matches ? "dark" : "light";
  });
}
