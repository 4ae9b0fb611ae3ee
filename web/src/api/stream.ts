import { address } from "./client";

/** What a stream needs of the browser; tests give their own. */
export interface Surroundings {
  open: (url: string) => Source;
  hidden: () => boolean;
  onVisibility: (listener: () => void) => void;
  later: (act: () => void, milliseconds: number) => void;
}

export interface Source {
  addEventListener: (name: string, listener: (event: { data?: unknown }) => void) => void;
  close: () => void;
}

const settle = 100;
const mostFailures = 5;

/**
 * One connection for all that a page follows, since browsers keep but six to a host: it is opened anew when the set of objects changes, and
 * closed while the page is hidden. After a time without it, everything followed counts as changed.
 */
export class LiveStream {
  readonly #around: Surroundings;
  readonly #listeners = new Map<string, Set<() => void>>();
  #source: Source | undefined;
  #url = "";
  #planned = false;
  #missed = false;
  #failures = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    around.onVisibility(() => this.#plan());
  }

  /** Calls `listener` on each change of the object; answers how to stop. */
  follow(object: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(object) ?? new Set();
    this.#listeners.set(object, listeners.add(listener));
    this.#plan();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(object);
      this.#plan();
    };
  }

  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    this.#around.later(() => {
      this.#planned = false;
      this.#reopen();
    }, settle);
  }

  #reopen() {
    const objects = [...this.#listeners.keys()].sort().slice(0, 50);
    const url = objects.length === 0 || this.#around.hidden() ? "" : address("/changes", { object: objects });
    if (url === this.#url) return;
    if (this.#url !== "" && url === "") this.#missed = true;
    this.#source?.close();
    this.#source = undefined;
    this.#url = url;
    this.#failures = 0;
    if (url !== "") this.#open(url);
  }

  #open(url: string) {
    const source = this.#around.open(url);
    this.#source = source;
    source.addEventListener("ready", () => this.#ready());
    source.addEventListener("changed", (event) => this.#tell(objectOf(event.data)));
    source.addEventListener("error", () => this.#failed(source));
  }

  #ready() {
    if (this.#missed || this.#failures > 0) for (const object of this.#listeners.keys()) this.#tell(object);
    this.#missed = false;
    this.#failures = 0;
  }

  #tell(object: string | undefined) {
    if (object !== undefined) for (const listener of this.#listeners.get(object) ?? []) listener();
  }

  /** The browser tries again by itself; what fails over and over is given up until the page is shown anew or follows something else. */
  #failed(source: Source) {
    this.#failures += 1;
    if (this.#failures >= mostFailures) source.close();
  }
}

function objectOf(data: unknown): string | undefined {
  try {
    return (JSON.parse(String(data)) as { object?: string }).object;
  } catch {
    return undefined;
  }
}

const browser: Surroundings = {
  open: (url) => new EventSource(url),
  hidden: () => typeof EventSource === "undefined" || document.visibilityState === "hidden",
  onVisibility: (listener) => {
    if (typeof document !== "undefined") document.addEventListener("visibilitychange", listener);
  },
  later: (act, milliseconds) => void setTimeout(act, milliseconds),
};

/** The stream of this page. */
export const liveStream = new LiveStream(browser);
