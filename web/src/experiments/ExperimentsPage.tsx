import { useDeferredValue, useState } from "react";
import { FlaskConical, Plus } from "lucide-react";
import { useSearchParams } from "react-router";
import { useViewer } from "../app/session";
import { Button, More, OutLink, Page as Screen, Problem, SearchField, Select, Skeleton, type Sort } from "../ui";
import { FirstRun } from "./FirstRun";
import { CreateExperiment } from "./list/CreateExperiment";
import { ExperimentList } from "./list/ExperimentList";
import { useExperiments } from "./list/useExperiments";
import styles from "./runs/Runs.module.css";

const views = [
  { value: "active", text: "Active experiments" },
  { value: "deleted", text: "In the trash" },
];

/** The experiments that the viewer may look at. */
export function Page() {
  const viewer = useViewer();
  const [params, setParams] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const [sort, setSort] = useState<Sort>({ key: "changed", direction: "descending" });
  const text = params.get("q") ?? "";
  const deleted = params.get("view") === "deleted";
  const list = useExperiments({ text: useDeferredValue(text), sort, deleted });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const nothing = list.isSuccess && list.items.length === 0 && text === "" && !deleted;
  const actions = (
    <>
      {viewer.mlflow_ui ? (
        <span className={styles.out}>
          <OutLink href="/mlflow/">MLflow&apos;s UI</OutLink>
        </span>
      ) : null}
      <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => setCreating(true)}>
        Create experiment
      </Button>
    </>
  );
  return (
    <Screen title="Experiments" icon={<FlaskConical aria-hidden="true" />} actions={actions} width="wide">
      <div className={styles.bar}>
        <div className={styles.filter}>
          <SearchField label="Search experiments" value={text} onChange={(value) => set("q", value)} placeholder="Name, or key:value of a tag" />
        </div>
        <Select label="Which experiments" hideLabel options={views} value={deleted ? "deleted" : "active"} onChange={(value) => set("view", value === "deleted" ? value : "")} />
      </div>
      {list.error ? <Problem error={list.error} title="The experiments could not be listed." onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton lines={10} label="Loading experiments" /> : null}
      {nothing ? <FirstRun experiment="first-steps" title="No experiments yet" /> : null}
      {list.data && !nothing ? <ExperimentList items={list.items} sort={sort} onSort={setSort} /> : null}
      <More list={list} what="experiments" />
      {creating ? <CreateExperiment onClose={() => setCreating(false)} /> : null}
    </Screen>
  );
}
