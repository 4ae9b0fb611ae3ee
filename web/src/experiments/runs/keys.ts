/** The metrics, params and tags that runs of an experiment were seen to have: what the table's columns can be. */
import type { RunPage } from "./page";

export type KeyGroup = "metrics" | "params" | "tags";

export type Keys = Record<KeyGroup, readonly string[]>;

const collator = new Intl.Collator(undefined, { numeric: true });

export class KeyBook {
  private readonly seen: Record<KeyGroup, Set<string>> = { metrics: new Set(), params: new Set(), tags: new Set() };
  private sorted: Keys = { metrics: [], params: [], tags: [] };

  /** Takes in the keys of a page. */
  add(page: Pick<RunPage, KeyGroup>) {
    for (const group of ["metrics", "params", "tags"] as const) {
      const seen = this.seen[group];
      const before = seen.size;
      for (const key of page[group].keys()) seen.add(key);
      if (seen.size > before) this.sorted = { ...this.sorted, [group]: [...seen].sort(collator.compare) };
    }
  }

  /** All keys, in the order people read them; the same object until there are more. */
  readonly snapshot = (): Keys => this.sorted;
}

const books = new Map<string, KeyBook>();

/** The book of an experiment. It outlives a search, so that columns do not come and go with the filter. */
export function bookOf(experiment: string): KeyBook {
  const book = books.get(experiment) ?? new KeyBook();
  books.set(experiment, book);
  return book;
}
