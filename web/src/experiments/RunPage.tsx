import { Play } from "lucide-react";
import { useParams, useSearchParams } from "react-router";
import { ArtifactBrowser } from "../artifacts/ArtifactBrowser";
import { Badge, Button, LevelBadge, Page as Screen, Problem, Skeleton, Tabs, useTab, type Crumb, type TabEntry } from "../ui";
import { Charts } from "./run/Charts";
import { Overview } from "./run/Overview";
import { RunActions } from "./run/RunActions";
import { StatusBadge } from "./run/StatusBadge";
import type { Run } from "./types";
import { isRunning, liveEvery, useRun } from "./useRun";

/** A run: overview, charts, artifacts. */
export function Page() {
  const { id = "", run = "" } = useParams();
  return <RunScreen key={run} experiment={id} id={run} />;
}

function RunScreen({ experiment, id }: { experiment: string; id: string }) {
  const all = useRun(id);
  const [tab, setTab] = useTab("overview");
  const run = all.run.data;
  const parent = all.viewed.data?.chain.find((ref) => ref.kind === "experiment");
  const home = run?.info.experiment_id ?? experiment;
  const crumbs: Crumb[] = [
    { text: "Experiments", to: "/experiments" },
    { text: parent?.name ?? home, to: `/experiments/${home}` },
  ];
  if (!run) {
    return (
      <Screen title="Run" icon={<Play aria-hidden="true" />} breadcrumbs={crumbs}>
        {all.run.error ? (
          <Problem error={all.run.error} title="The run cannot be shown.">
            <Button size="s" onPress={() => void all.run.refetch()}>
              Try again
            </Button>
          </Problem>
        ) : (
          <Skeleton lines={12} label="Loading the run" />
        )}
      </Screen>
    );
  }
  return (
    <Screen
      title={run.info.run_name ?? run.info.run_id}
      icon={<Play aria-hidden="true" />}
      breadcrumbs={crumbs}
      badges={
        <>
          <StatusBadge status={run.info.status} />
          {all.viewed.data ? <LevelBadge level={all.viewed.data.level} /> : null}
          {run.info.lifecycle_stage === "deleted" ? <Badge tone="warn">Deleted</Badge> : null}
        </>
      }
      actions={<RunActions all={all} run={run} />}
    >
      <Tabs label="Parts of the run" selected={tab} onSelect={setTab} tabs={tabsOf(all, run)} />
    </Screen>
  );
}

function tabsOf(all: ReturnType<typeof useRun>, run: Run): TabEntry[] {
  return [
    { id: "overview", title: "Overview", content: <Overview all={all} run={run} /> },
    { id: "charts", title: "Charts", content: <Charts run={run} /> },
    { id: "artifacts", title: "Artifacts", content: <Artifacts run={run} /> },
  ];
}

/** The artifacts; the chosen one stands in the address. */
function Artifacts({ run }: { run: Run }) {
  const [params, setParams] = useSearchParams();
  const choose = (path: string) => {
    const next = new URLSearchParams(params);
    next.set("path", path);
    setParams(next, { replace: true });
  };
  return (
    <>
      <h2 className="visually-hidden">Artifacts</h2>
      <ArtifactBrowser
        source={{ kind: "run", run: run.info.run_id }}
        path={params.get("path") ?? undefined}
        onPath={choose}
        every={isRunning(run) ? 5 * liveEvery : undefined}
      />
    </>
  );
}
