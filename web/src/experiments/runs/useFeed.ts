import { useDeferredValue, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { RunFeed, type FeedQuery, type FeedState } from "./feed";
import { bookOf, type Keys } from "./keys";
import { searchRuns } from "../reader";

export interface ShownFeed {
  /** The runs to show: the last ones that were found, until the first page of a new search is there. */
  feed: RunFeed;
  state: FeedState;
  /** Of the search that was asked last. */
  searching: boolean;
  error: Error | undefined;
  keys: Keys;
  /** Searches anew. */
  renew: () => void;
}

/** Searches runs; a new query makes a new feed, and the old rows stay until it has its first. */
export function useFeed(query: FeedQuery): ShownFeed {
  const [round, setRound] = useState(0);
  const text = JSON.stringify(query);
  const book = bookOf(query.experiments.join(","));
  // A round is a wish to ask the same once more.
  const asked = useMemo(() => ({ feed: new RunFeed(JSON.parse(text) as FeedQuery, searchRuns, book), round }), [text, book, round]).feed;
  useEffect(() => {
    asked.open();
    return asked.close;
  }, [asked]);
  const askedState = useSyncExternalStore(asked.subscribe, asked.snapshot);
  const [shown, setShown] = useState(asked);
  const ready = askedState.loaded > 0 || askedState.done;
  if (ready && shown !== asked) setShown(asked);
  const feed = ready ? asked : shown;
  const state = useSyncExternalStore(feed.subscribe, feed.snapshot);
  const keys = useDeferredValue(useSyncExternalStore(feed.subscribe, book.snapshot));
  return { feed, state, searching: !ready && !askedState.error, error: askedState.error, keys, renew: () => setRound(round + 1) };
}
