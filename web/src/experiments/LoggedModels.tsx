import { useState } from "react";
import { Boxes } from "lucide-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { mlflow, post } from "../api/client";
import { Button, Code, Empty, Link, More, Problem, Skeleton, Table, TextField, Time, type AllowedOn, type Column, type Sort } from "../ui";
import { ModelStatus, Registrations, registrationsOf } from "./modelParts";
import { filterError } from "./runs/FilterBar";
import styles from "./runs/Runs.module.css";
import { numberText } from "./runs/cells";
import { numberOf } from "./runs/page";
import type { LoggedModel, LoggedModelsAnswer, WireMetric } from "./types";

const fields: Record<string, string> = { name: "name", created: "creation_timestamp", type: "model_type", status: "status" };

/** Logged models, page by page. */
function useLoggedModels(experiment: string, filter: string, sort: Sort) {
  const order = [{ field_name: fields[sort.key] ?? "creation_timestamp", ascending: sort.direction === "ascending" }];
  const body = { experiment_ids: [experiment], filter, order_by: order, max_results: 100 };
  return useInfiniteQuery({
    queryKey: [`${mlflow}/logged-models/search`, body, `experiments/${experiment}`],
    queryFn: ({ pageParam, signal }) => post<LoggedModelsAnswer>(`${mlflow}/logged-models/search`, { ...body, page_token: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_page_token,
    placeholderData: (old) => old,
  });
}

const columnsOf = (experiment: string): Column<LoggedModel>[] => [
  { key: "name", title: "Name", sortable: true, cell: ({ info }) => <Link to={`/experiments/${experiment}/models/${info.model_id}`}>{info.name}</Link> },
  { key: "status", title: "Status", sortable: true, cell: ({ info }) => <ModelStatus status={info.status} /> },
  { key: "type", title: "Type", sortable: true, cell: ({ info }) => info.model_type ?? <span className="faint">none</span>, hideNarrow: true },
  { key: "created", title: "Created", sortable: true, cell: ({ info }) => <Time at={info.creation_timestamp_ms} /> },
  { key: "run", title: "Run", cell: ({ info }) => (info.source_run_id ? <Link to={`/experiments/${experiment}/runs/${info.source_run_id}`}>{info.source_run_id.slice(0, 8)}</Link> : <span className="faint">none</span>), hideNarrow: true },
  { key: "metrics", title: "Metrics", cell: ({ data }) => <span className="small">{metricsText(data?.metrics)}</span>, hideNarrow: true },
  { key: "registered", title: "Registered as", cell: (model) => <Registrations list={registrationsOf(model)} /> },
];

function metricsText(metrics: readonly WireMetric[] = []): string {
  const text = metrics.slice(0, 3).map((metric) => `${metric.key} ${numberText(numberOf(metric.value))}`);
  return metrics.length > 3 ? `${text.join(", ")} and ${metrics.length - 3} more` : text.join(", ");
}

/** The logged models of an experiment, with filter and order. */
export function LoggedModels({ experiment, on }: { experiment: string; on: AllowedOn }) {
  const [text, setText] = useState("");
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<Sort>({ key: "created", direction: "descending" });
  const query = useLoggedModels(experiment, filter, sort);
  const models = query.data?.pages.flatMap((page) => page.models ?? []) ?? [];
  const wrong = filterError(query.error ?? undefined);
  return (
    <div className={styles.table}>
      <form
        noValidate
        className={styles.bar}
        onSubmit={(event) => {
          event.preventDefault();
          setFilter(text.trim());
        }}
      >
        <div className={styles.filter}>
          <TextField label="Filter logged models" hideLabel mono value={text} onChange={setText} placeholder={'metrics.acc > 0.9 and params.depth = "5"'} error={wrong} autoComplete="off" />
        </div>
        <Button type="submit">Search</Button>
      </form>
      {query.error && !wrong ? <Problem error={query.error} object={on.object} onRetry={() => void query.refetch()} /> : null}
      {query.isPending ? <Skeleton /> : null}
      {query.data && models.length === 0 && filter === "" ? <NoModels /> : null}
      {models.length > 0 || (query.data && filter !== "") ? (
        <Table label="Logged models" columns={columnsOf(experiment)} rows={models} rowKey={(m) => m.info.model_id} sort={sort} onSort={setSort} empty="No logged model matches the filter." />
      ) : null}
      <More list={{ items: models, hasNextPage: query.hasNextPage, isFetchingNextPage: query.isFetchingNextPage, more: () => void query.fetchNextPage() }} what="logged models" />
    </div>
  );
}

function NoModels() {
  return (
    <Empty title="No logged models yet" icon={<Boxes aria-hidden="true" />}>
      <p>Models appear here when a run logs them, e.g. with scikit-learn:</p>
      <Code text={'mlflow.sklearn.log_model(model, name="classifier")'} what="log a model" language="python" />
    </Empty>
  );
}
