import { useEffect, useRef, useState } from "react";
import { SearchX } from "lucide-react";
import { useSearchParams } from "react-router";
import { announce, Button, countText, Empty, Problem, Skeleton, type AllowedOn } from "../../ui";
import { FirstRun } from "../FirstRun";
import { ColumnChooser } from "./ColumnChooser";
import type { FeedState, RunFeed } from "./feed";
import { FilterBar, filterError } from "./FilterBar";
import { feedQuery, nextSort, viewOf, withView, type RunsView } from "./query";
import styles from "./Runs.module.css";
import { RunsGrid } from "./RunsGrid";
import { SelectionBar } from "./SelectionBar";
import { useSelection } from "./selection";
import { useColumns } from "./useColumns";
import { useFeed } from "./useFeed";

export interface RunsTableProps {
  experiment: string;
  name: string;
  on: AllowedOn | undefined;
}

/** The runs of an experiment. Filter, order and view stand in the address. */
export function RunsTable({ experiment, name, on }: RunsTableProps) {
  const [params, setParams] = useSearchParams();
  const view = viewOf(params);
  const { feed, state, searching, error, keys, renew } = useFeed(feedQuery([experiment], view));
  const choice = useColumns(experiment, keys);
  const selection = useSelection((index) => feed.id(index));
  const [choosing, setChoosing] = useState(false);
  const change = (next: Partial<RunsView>) => {
    selection.clear();
    setParams(withView(params, next));
  };
  const sort = (key: string) => {
    const next = nextSort(view.sort, key);
    announce(next ? `Sorted by ${key.slice(key.indexOf(".") + 1)}, ${next.direction}.` : "Sorted by start time, newest first.");
    setParams(withView(params, { sort: next }));
  };
  useEnd(state);
  const isEmpty = state.loaded === 0 && state.done;
  return (
    <div className={styles.table}>
      <FilterBar view={view} onChange={change} error={error} searching={searching} onColumns={() => setChoosing(true)} onRenew={renew} />
      {selection.chosen.ids.size > 0 ? (
        <SelectionBar ids={[...selection.chosen.ids]} deleted={view.deleted} on={on} onClear={selection.clear} onChanged={renew} />
      ) : null}
      {error && !filterError(error) ? <Problem error={error} title="The runs could not be read." object={on?.object} onRetry={renew} /> : null}
      {isEmpty ? <NoRuns view={view} name={name} onClear={() => change({ filter: "", deleted: false })} /> : null}
      {state.loaded === 0 && !state.done && !error ? <Skeleton lines={12} label="Loading runs" /> : null}
      {state.loaded > 0 ? (
        <>
          <RunsGrid
            experiment={experiment}
            feed={feed}
            state={state}
            columns={choice.shown}
            sort={view.sort}
            onSort={sort}
            selection={selection}
            stale={searching}
          />
          <Counter feed={feed} state={state} />
        </>
      ) : null}
      <ColumnChooser choice={choice} isOpen={choosing} onOpenChange={setChoosing} />
    </div>
  );
}

/** Says once that all is there, not each page. */
function useEnd(state: FeedState) {
  const before = useRef(state.done);
  useEffect(() => {
    if (state.done && !before.current) announce(`All ${countText(state.loaded)} runs are loaded.`);
    before.current = state.done;
  }, [state.done, state.loaded]);
}

function Counter({ feed, state }: { feed: RunFeed; state: FeedState }) {
  const count = countText(state.loaded);
  return (
    <div className={styles.counter}>
      <span data-testid="runs-loaded" data-loaded={state.loaded} data-done={state.done}>
        {state.done ? `${count} ${state.loaded === 1 ? "run" : "runs"}` : state.loading ? `${count} runs loaded, reading on…` : `${count} runs loaded, there are more`}
      </span>
      {state.done ? null : state.loading ? (
        <Button size="s" variant="quiet" onPress={feed.halt}>
          Stop
        </Button>
      ) : (
        <Button size="s" variant="quiet" onPress={() => feed.want(Infinity)}>
          Load all
        </Button>
      )}
    </div>
  );
}

function NoRuns({ view, name, onClear }: { view: RunsView; name: string; onClear: () => void }) {
  if (view.filter === "" && !view.deleted) return <FirstRun experiment={name} />;
  return (
    <Empty
      title={view.filter ? "No run matches the filter" : "No deleted runs"}
      icon={<SearchX aria-hidden="true" />}
      actions={<Button onPress={onClear}>{view.filter ? "Clear the filter" : "Show active runs"}</Button>}
    >
      {view.filter ? "Texts stand in quotes, metrics are numbers, and keys with blanks stand in backticks: params.`batch size` = \"32\"." : "Runs that are deleted stay here until they are purged."}
    </Empty>
  );
}
