import { Section } from "../../ui";
import { Description, noteKey } from "../tags/Description";
import { Tags } from "../tags/Tags";
import { valueOf, type Run } from "../types";
import { isRunning, liveEvery, modelsIn, versionsIn, type useRun } from "../useRun";
import { Datasets } from "./Datasets";
import { MetricsTable, ParamsTable } from "./KeyTables";
import { MadeModels } from "./MadeModels";
import styles from "./Run.module.css";
import { RunFacts } from "./RunFacts";

/** What a run is and has: in tables. */
export function Overview({ all, run }: { all: ReturnType<typeof useRun>; run: Run }) {
  const { info, data } = run;
  const name = info.run_name ?? info.run_id;
  const target = { kind: "run", id: info.run_id } as const;
  const on = all.viewed.data;
  return (
    <div className={styles.columns}>
      <div className={styles.overview}>
        <Section title="Description">
          <Description text={valueOf(data.tags, noteKey)} target={target} name={name} on={on} onSaved={all.renew} />
        </Section>
        <Section title="Metrics">
          <MetricsTable run={info.run_id} metrics={data.metrics ?? []} every={isRunning(run) ? 2 * liveEvery : undefined} />
        </Section>
        <Section title="Params">
          <ParamsTable params={data.params ?? []} />
        </Section>
        <Section title="Datasets">
          <Datasets inputs={run.inputs?.dataset_inputs ?? []} />
        </Section>
      </div>
      <div className={styles.overview}>
        <Section title="About this run">
          <RunFacts run={run} />
        </Section>
        <Section title="Tags">
          <Tags tags={data.tags} target={target} name={name} on={on} onSaved={all.renew} />
        </Section>
        <Section title="Models">
          <MadeModels experiment={info.experiment_id} models={modelsIn(all.made)} versions={versionsIn(all.made)} />
        </Section>
      </div>
    </div>
  );
}
