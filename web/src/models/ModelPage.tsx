import { Box, MessageSquareText, ShieldCheck } from "lucide-react";
import { useParams } from "react-router";
import { ApiError } from "../api/client";
import { usePermissionsDialog } from "../access/permissions";
import { Badge, Button, Empty, LevelBadge, Page as Screen, plural, Problem, Skeleton, Tabs, Time, useTab, type TabEntry } from "../ui";
import { AccessTab } from "./AccessTab";
import { Aliases } from "./Aliases";
import { Description } from "./Description";
import { GovernanceTab } from "./GovernanceTab";
import { ModelMenu } from "./ModelMenu";
import styles from "./Models.module.css";
import { ActivityTab, ProvenanceTab, RequestsTab } from "./ModelTabs";
import { useLiveModel, useModel } from "./queries";
import { StewardPanel } from "./StewardPanel";
import { Tags } from "./Tags";
import type { Model } from "./types";
import { VersionsTable } from "./VersionsTable";
import { WebhooksTab } from "./WebhooksTab";
import { WhyProvider } from "./Why";

const crumbs = [{ text: "Models", to: "/models" }];

/** A registered model with its versions. */
export function Page() {
  const { name = "" } = useParams();
  const model = useModel(name);
  useLiveModel(name, model.data?.object);
  if (model.data) return <Shown key={name} model={model.data} />;
  return (
    <Screen title={name} icon={<Box aria-hidden="true" />} breadcrumbs={crumbs} width="wide">
      {model.error ? <NotShown error={model.error} retry={() => void model.refetch()} /> : <Skeleton lines={8} label="Loading the model" />}
    </Screen>
  );
}

/** The answer for what does not exist is that for what may not be known. */
export function NotShown({ error, retry }: { error: Error; retry: () => void }) {
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Empty title="Not found" icon={<Box aria-hidden="true" />}>
        <p>{error.message}</p>
        <p>It does not exist, or you have no level on it. Who told you of it can see who manages it.</p>
      </Empty>
    );
  }
  return <Problem error={error} onRetry={retry} />;
}

function Shown({ model }: { model: Model }) {
  const permissions = usePermissionsDialog();
  const [tab, setTab] = useTab("versions");
  const badges = (
    <>
      <LevelBadge level={model.level} />
      {model.prompt ? (
        <Badge tone="violet" icon={<MessageSquareText aria-hidden="true" />}>
          Prompt
        </Badge>
      ) : null}
      {model.two_persons ? <Badge tone="accent">Two persons for Production</Badge> : null}
    </>
  );
  return (
    <WhyProvider>
      <Screen
        title={model.name}
        icon={<Box aria-hidden="true" />}
        badges={badges}
        breadcrumbs={crumbs}
        width="wide"
        actions={
          <>
            <Button icon={<ShieldCheck aria-hidden="true" />} onPress={() => permissions.open({ object: model })}>
              Permissions
            </Button>
            <ModelMenu model={model} onPage />
          </>
        }
      >
        <div className={styles.split}>
          <div className={styles.main}>
            <Description place={{ name: model.name }} text={model.description} on={model} />
            <Tabs label={`About ${model.name}`} tabs={tabsOf(model)} selected={tab} onSelect={setTab} />
          </div>
          <aside className={styles.aside} aria-label="What is known of the model">
            <Facts model={model} />
            <StewardPanel model={model} />
            <Aliases name={model.name} aliases={model.aliases} on={model} twoPersons={model.two_persons} />
            <Tags place={{ name: model.name }} tags={model.tags} on={model} />
          </aside>
        </div>
      </Screen>
    </WhyProvider>
  );
}

const tabsOf = (model: Model): TabEntry[] => [
  { id: "versions", title: "Versions", count: model.versions, content: <VersionsTable name={model.name} /> },
  { id: "requests", title: "Requests", count: model.requests, content: <RequestsTab name={model.name} /> },
  { id: "access", title: "Access", content: <AccessTab model={model} /> },
  { id: "provenance", title: "Provenance", content: <ProvenanceTab model={model} /> },
  { id: "activity", title: "Activity", content: <ActivityTab model={model} /> },
  { id: "webhooks", title: "Webhooks", content: <WebhooksTab model={model} /> },
  { id: "governance", title: "Governance", content: <GovernanceTab model={model} /> },
];

function Facts({ model }: { model: Model }) {
  return (
    <section className={styles.panel} aria-label="Facts">
      <dl className="facts">
        <dt>Made</dt>
        <dd>
          <Time at={model.created_at} />
          {model.creator ? ` by ${model.creator}` : ""}
        </dd>
        <dt>Modified</dt>
        <dd>
          <Time at={model.modified_at} />
        </dd>
        <dt>Versions</dt>
        <dd>{plural(model.versions, "version")}</dd>
      </dl>
    </section>
  );
}
