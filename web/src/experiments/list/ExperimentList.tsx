import { useMemo } from "react";
import { Badge, LevelBadge, Link, Table, Time, type Column, type Sort } from "../../ui";
import { isOwnTag } from "../tags/changes";
import { valueOf, type Experiment } from "../types";
import { partsOf } from "./filter";
import { useLevels } from "./useExperiments";

/** So many tags stand in a row. */
const someTags = 3;

const columnsOf = (levels: ReadonlyMap<string, string>): Column<Experiment>[] => [
  { key: "name", title: "Name", sortable: true, cell: (e) => <Name experiment={e} /> },
  { key: "level", title: "My level", cell: (e) => (levels.has(e.experiment_id) ? <LevelBadge level={levels.get(e.experiment_id)} /> : <span className="faint">…</span>) },
  { key: "owner", title: "Owner", cell: (e) => <span className="break">{valueOf(e.tags, "bailiwick.owner") ?? <span className="faint">nobody</span>}</span>, hideNarrow: true },
  { key: "tags", title: "Tags", cell: (e) => <TagList experiment={e} />, hideNarrow: true },
  { key: "changed", title: "Changed", sortable: true, cell: (e) => <Time at={e.last_update_time} /> },
];

function Name({ experiment }: { experiment: Experiment }) {
  const { folder, last } = partsOf(experiment.name);
  return (
    <span className="break">
      <Link to={`/experiments/${experiment.experiment_id}`}>{last}</Link>
      {folder === "" ? null : <span className="faint small break" style={{ display: "block" }}>{folder}</span>}
    </span>
  );
}

function TagList({ experiment }: { experiment: Experiment }) {
  const own = (experiment.tags ?? []).filter(isOwnTag);
  return (
    <span className="row" style={{ "--gap": "4px" } as React.CSSProperties}>
      {own.slice(0, someTags).map(({ key, value }) => (
        <Badge key={key} title={`${key}: ${value}`}>
          {`${key}: ${value}`.slice(0, 40)}
        </Badge>
      ))}
      {own.length > someTags ? <span className="faint small">{own.length - someTags} more</span> : null}
    </span>
  );
}

export interface ExperimentListProps {
  items: readonly Experiment[];
  sort: Sort;
  onSort: (sort: Sort) => void;
}

/** Experiments in a table. */
export function ExperimentList({ items, sort, onSort }: ExperimentListProps) {
  const ids = useMemo(() => items.map((item) => item.experiment_id), [items]);
  const levels = useLevels(ids);
  return (
    <Table
      label="Experiments"
      columns={columnsOf(levels)}
      rows={items}
      rowKey={(item) => item.experiment_id}
      sort={sort}
      onSort={onSort}
      empty="No experiment matches. Words are looked for in names, key:value in tags."
    />
  );
}
