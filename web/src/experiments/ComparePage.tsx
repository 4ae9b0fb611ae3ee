import { memo, useDeferredValue, useEffect, useMemo, useState } from "react";
import { GitCompareArrows } from "lucide-react";
import { useSearchParams } from "react-router";
import { ButtonLink, Empty, Notice, Page as Screen, plural, Problem, Section, Skeleton, Switch, type Crumb } from "../ui";
import { CompareCharts } from "./compare/CompareCharts";
import { load } from "./chart/useDrawing";
import { CompareTable } from "./compare/CompareTable";
import { metricRows, paramRows, runsOf, tagRows } from "./compare/rows";
import { useRuns, type Found } from "./compare/useRuns";
import { prepareReader } from "./reader";
import type { Run } from "./types";

/** Runs beside each other: `?runs=a,b,c`. */
export function Page() {
  const [params] = useSearchParams();
  const text = params.get("runs");
  const ids = useMemo(() => runsOf(text), [text]);
  const found = useRuns(ids);
  const runs = found.data?.runs ?? [];
  // What charts need comes while the runs do.
  useEffect(() => {
    prepareReader();
    void load();
  }, []);
  return (
    <Screen title={ids.length > 0 ? `Compare ${plural(ids.length, "run")}` : "Compare runs"} icon={<GitCompareArrows aria-hidden="true" />} breadcrumbs={crumbsOf(runs)} width="wide">
      {ids.length === 0 ? <Nothing /> : null}
      {found.error ? <Problem error={found.error} title="The runs could not be read." onRetry={() => void found.refetch()} /> : null}
      {ids.length > 0 && found.isPending ? <Skeleton lines={14} label="Loading the runs" /> : null}
      {found.data ? <Missing missing={found.data.missing} /> : null}
      {runs.length > 0 ? <Comparison runs={runs} /> : null}
    </Screen>
  );
}

function crumbsOf(runs: readonly Run[]): Crumb[] {
  const experiments = [...new Set(runs.map((run) => run.info.experiment_id))];
  const home: Crumb = { text: "Experiments", to: "/experiments" };
  return experiments.length === 1 ? [home, { text: "Runs", to: `/experiments/${experiments[0] ?? ""}` }] : [home];
}

function Nothing() {
  return (
    <Empty title="Choose runs first" icon={<GitCompareArrows aria-hidden="true" />} actions={<ButtonLink to="/experiments">Go to the experiments</ButtonLink>}>
      In the table of an experiment, choose two or more runs and press Compare.
    </Empty>
  );
}

function Missing({ missing }: { missing: Found["missing"] }) {
  const [first] = missing;
  if (!first) return null;
  return (
    <Notice tone="warn">
      {plural(missing.length, "run")} cannot be shown: {first.error.message}
    </Notice>
  );
}

const Values = memo(CompareTable);

function Comparison({ runs }: { runs: readonly Run[] }) {
  const [only, setOnly] = useState(false);
  const metrics = useMemo(() => metricRows(runs), [runs]);
  const groups = useMemo(
    () => [
      { title: "Metrics", rows: metrics },
      { title: "Params", rows: paramRows(runs) },
      { title: "Tags", rows: tagRows(runs) },
    ],
    [runs, metrics],
  );
  // The table of a hundred runs takes longer than a frame: the chart does not wait for it.
  const tabled = useDeferredValue(true, false);
  return (
    <>
      <Section title="Chart">
        <CompareCharts runs={runs} metrics={metrics} />
      </Section>
      <Section
        title="Values"
        actions={
          <Switch isSelected={only} onChange={setOnly}>
            Differences only
          </Switch>
        }
      >
        {tabled ? <Values runs={runs} groups={groups} onlyDifferences={only} /> : null}
      </Section>
    </>
  );
}
