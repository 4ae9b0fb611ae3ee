/** The runs that a query finds, page after page, outside React: what is loaded is never copied, and one counter tells the screen to look. */
import type { KeyBook } from "./keys";
import type { RunPage } from "./page";

export interface FeedQuery {
  experiments: readonly string[];
  filter: string;
  orderBy: readonly string[];
  view: "ACTIVE_ONLY" | "DELETED_ONLY";
}

export type FetchPage = (query: FeedQuery, size: number, token: string | undefined, signal: AbortSignal) => Promise<RunPage>;

/** What a screen shows of a feed; a new object whenever something changed. */
export interface FeedState {
  loaded: number;
  /** Nothing is left to load. */
  done: boolean;
  loading: boolean;
  error: Error | undefined;
}

/** Where a run stands: its page and its row there. */
export interface Place {
  page: RunPage;
  row: number;
}

/** The first page is small, so that rows are there soon. */
const firstSize = 200;
const nextSize = 1000;

export class RunFeed {
  readonly pages: RunPage[] = [];
  /** The number of the first row of each page. */
  private readonly offsets: number[] = [];
  private readonly watchers = new Set<() => void>();
  private state: FeedState = { loaded: 0, done: false, loading: false, error: undefined };
  private abort = new AbortController();
  private wanted = 0;

  constructor(
    readonly query: FeedQuery,
    private readonly fetchPage: FetchPage,
    /** Takes in the keys of each page. */
    private readonly book: KeyBook,
  ) {}

  readonly subscribe = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  readonly snapshot = (): FeedState => this.state;

  /** Loads until at least so many runs are there, or none is left. Asked again while loading, the larger number holds. */
  readonly want = (count: number) => {
    this.wanted = Math.max(this.wanted, count);
    if (!this.state.loading) void this.load();
  };

  /** Loads no more than what is under way. */
  readonly halt = () => {
    this.wanted = 0;
  };

  /** Starts, or goes on after a close: React opens twice while developing. */
  readonly open = () => {
    if (this.abort.signal.aborted) {
      this.abort = new AbortController();
      this.set({ loading: false });
    }
    this.want(1);
  };

  readonly close = () => this.abort.abort();

  private set(change: Partial<FeedState>) {
    this.state = { ...this.state, ...change };
    for (const watcher of this.watchers) watcher();
  }

  private wants(): boolean {
    return !this.state.done && this.state.loaded < this.wanted && !this.abort.signal.aborted;
  }

  private async load() {
    if (!this.wants()) return;
    this.set({ loading: true, error: undefined });
    const { signal } = this.abort;
    try {
      while (this.wants()) {
        const size = this.pages.length === 0 ? firstSize : nextSize;
        const page = await this.fetchPage(this.query, size, this.pages.at(-1)?.nextToken, signal);
        if (signal.aborted) return;
        this.add(page);
      }
      this.set({ loading: false });
    } catch (error) {
      if (signal.aborted) return;
      this.wanted = 0;
      this.set({ loading: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  private add(page: RunPage) {
    this.offsets.push(this.state.loaded);
    this.pages.push(page);
    this.book.add(page);
    this.set({ loaded: this.state.loaded + page.count, done: page.nextToken === undefined });
  }

  /** Finds a run by its number from 0. */
  at(index: number): Place | undefined {
    if (index < 0 || index >= this.state.loaded) return undefined;
    let low = 0;
    let high = this.offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.offsets[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const page = this.pages[low];
    return page === undefined ? undefined : { page, row: index - (this.offsets[low] ?? 0) };
  }

  id(index: number): string | undefined {
    const place = this.at(index);
    return place?.page.ids[place.row];
  }
}
