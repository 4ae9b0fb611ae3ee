import { FlaskConical } from "lucide-react";
import { useParams } from "react-router";
import { Badge, Button, LevelBadge, Page as Screen, Problem, Skeleton, Tabs, useTab, type Crumb } from "../ui";
import { ExperimentActions } from "./ExperimentActions";
import { ExperimentFacts } from "./ExperimentFacts";
import { LoggedModels } from "./LoggedModels";
import { RunsTable } from "./runs/RunsTable";
import { folderCrumbs } from "./crumbs";
import { useExperiment } from "./useExperiment";

/** An experiment: what it is, its runs and its logged models. */
export function Page() {
  const { id = "" } = useParams();
  return <ExperimentScreen key={id} id={id} />;
}

function ExperimentScreen({ id }: { id: string }) {
  const all = useExperiment(id);
  const { viewed, experiment } = all;
  const [tab, setTab] = useTab("runs");
  if (viewed.error) return <Missing error={viewed.error} onRetry={() => void viewed.refetch()} />;
  if (!viewed.data) return <Loading />;
  const it = viewed.data;
  const name = experiment.data?.experiment.name ?? it.path ?? it.name;
  return (
    <Screen
      title={it.name}
      width="wide"
      icon={<FlaskConical aria-hidden="true" />}
      badges={
        <>
          <LevelBadge level={it.level} />
          {it.trashed ? <Badge tone="warn">In the trash</Badge> : null}
        </>
      }
      breadcrumbs={[{ text: "Experiments", to: "/experiments" }, ...folderCrumbs(it.chain)]}
      actions={<ExperimentActions all={all} it={it} name={name} />}
    >
      {all.sees ? (
        <>
          <ExperimentFacts all={all} it={it} name={name} />
          <Tabs
            label="Parts of the experiment"
            selected={tab}
            onSelect={setTab}
            tabs={[
              { id: "runs", title: "Runs", content: <RunsTable experiment={id} name={name} on={it} /> },
              { id: "models", title: "Logged models", content: <LoggedModels experiment={id} on={it} /> },
            ]}
          />
        </>
      ) : (
        <Hidden all={all} />
      )}
    </Screen>
  );
}

/** Who may know of an experiment but not see into it gets the server's own refusal, and what it rests on. */
function Hidden({ all }: { all: ReturnType<typeof useExperiment> }) {
  const { error } = all.experiment;
  return error ? <Problem error={error} title="You may not see the runs of this experiment." object={all.object} /> : <Skeleton lines={4} />;
}

function Loading() {
  const crumbs: Crumb[] = [{ text: "Experiments", to: "/experiments" }];
  return (
    <Screen title="Experiment" width="wide" icon={<FlaskConical aria-hidden="true" />} breadcrumbs={crumbs}>
      <Skeleton lines={14} label="Loading the experiment" />
    </Screen>
  );
}

function Missing({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <Screen title="Experiment" icon={<FlaskConical aria-hidden="true" />} breadcrumbs={[{ text: "Experiments", to: "/experiments" }]}>
      <Problem error={error} title="The experiment cannot be shown.">
        <Button size="s" onPress={onRetry}>
          Try again
        </Button>
      </Problem>
    </Screen>
  );
}
