import { Boxes } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { mlflow } from "../api/client";
import { useGet, useObject } from "../api/hooks";
import { renewObject } from "../api/live";
import { ArtifactBrowser } from "../artifacts/ArtifactBrowser";
import { Button, Copy, LevelBadge, Link, Page as Screen, Problem, Section, Skeleton, Tabs, Time, useTab, type AllowedOn, type Crumb } from "../ui";
import { ModelMetrics } from "./ModelMetrics";
import { ModelStatus, Registrations, registrationsOf } from "./modelParts";
import { ParamsTable } from "./run/KeyTables";
import styles from "./run/Run.module.css";
import { Tags } from "./tags/Tags";
import type { LoggedModel } from "./types";

/** A logged model: what it is, what was measured, its files. */
export function Page() {
  const { id = "", modelId = "" } = useParams();
  return <LoggedModelScreen key={modelId} experiment={id} id={modelId} />;
}

function LoggedModelScreen({ experiment, id }: { experiment: string; id: string }) {
  const object = `experiments/${experiment}`;
  const client = useQueryClient();
  const [tab, setTab] = useTab("overview");
  const model = useGet<{ model: LoggedModel }>(`${mlflow}/logged-models/${encodeURIComponent(id)}`, {}, { about: [object, id] });
  const viewed = useObject(object);
  const crumbs: Crumb[] = [
    { text: "Experiments", to: "/experiments" },
    { text: viewed.data?.name ?? experiment, to: `/experiments/${experiment}` },
    { text: "Logged models", to: `/experiments/${experiment}?tab=models` },
  ];
  const it = model.data?.model;
  if (!it) {
    return (
      <Screen title="Logged model" icon={<Boxes aria-hidden="true" />} breadcrumbs={crumbs}>
        {model.error ? (
          <Problem error={model.error} title="The logged model cannot be shown.">
            <Button size="s" onPress={() => void model.refetch()}>
              Try again
            </Button>
          </Problem>
        ) : (
          <Skeleton lines={10} label="Loading the logged model" />
        )}
      </Screen>
    );
  }
  return (
    <Screen
      title={it.info.name}
      icon={<Boxes aria-hidden="true" />}
      breadcrumbs={crumbs}
      badges={
        <>
          <ModelStatus status={it.info.status} />
          {viewed.data ? <LevelBadge level={viewed.data.level} /> : null}
        </>
      }
    >
      <Tabs
        label="Parts of the logged model"
        selected={tab}
        onSelect={setTab}
        tabs={[
          { id: "overview", title: "Overview", content: <Overview model={it} on={viewed.data} renew={() => renewObject(client, id)} /> },
          { id: "artifacts", title: "Artifacts", content: <Artifacts id={id} /> },
        ]}
      />
    </Screen>
  );
}

function Overview({ model, on, renew }: { model: LoggedModel; on: AllowedOn | undefined; renew: () => void }) {
  const { info, data } = model;
  return (
    <div className={styles.overview}>
      <Section title="About this model">
        <dl className="facts">
          <dt>Model ID</dt>
          <dd className="row">
            <span className="mono break">{info.model_id}</span> <Copy text={info.model_id} what="model ID" />
          </dd>
          <dt>Type</dt>
          <dd>{info.model_type ?? <span className="faint">not said</span>}</dd>
          <dt>Created</dt>
          <dd>
            <Time at={info.creation_timestamp_ms} />
          </dd>
          <dt>Changed</dt>
          <dd>
            <Time at={info.last_updated_timestamp_ms} />
          </dd>
          <dt>Source run</dt>
          <dd>{info.source_run_id ? <Link to={`/experiments/${info.experiment_id}/runs/${info.source_run_id}`}>{info.source_run_id}</Link> : <span className="faint">none</span>}</dd>
          <dt>Registered as</dt>
          <dd>
            <Registrations list={registrationsOf(model)} />
          </dd>
          {info.status_message ? (
            <>
              <dt>Message</dt>
              <dd>{info.status_message}</dd>
            </>
          ) : null}
        </dl>
      </Section>
      <Section title="Tags">
        <Tags tags={info.tags} target={{ kind: "logged-model", id: info.model_id }} name={info.name} on={on} onSaved={renew} />
      </Section>
      <Section title="Metrics">
        <ModelMetrics experiment={info.experiment_id} metrics={data?.metrics ?? []} />
      </Section>
      <Section title="Params">
        <ParamsTable params={data?.params ?? []} />
      </Section>
    </div>
  );
}

function Artifacts({ id }: { id: string }) {
  const [params, setParams] = useSearchParams();
  const choose = (path: string) => {
    const next = new URLSearchParams(params);
    next.set("path", path);
    setParams(next, { replace: true });
  };
  return (
    <>
      <h2 className="visually-hidden">Artifacts</h2>
      <ArtifactBrowser source={{ kind: "logged-model", model: id }} path={params.get("path") ?? undefined} onPath={choose} />
    </>
  );
}
