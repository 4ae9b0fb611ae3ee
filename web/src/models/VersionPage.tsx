import { Box } from "lucide-react";
import { useParams } from "react-router";
import { Badge, LevelBadge, Page as Screen, Skeleton, Tabs, useTab, type TabEntry } from "../ui";
import { Aliases } from "./Aliases";
import { Description } from "./Description";
import { FilesTab } from "./FilesTab";
import { LineageView } from "./LineageView";
import { NotShown } from "./ModelPage";
import styles from "./Models.module.css";
import { modelPage } from "./paths";
import { useLiveModel, useModel, useVersion } from "./queries";
import { SignatureTab } from "./SignatureTab";
import { StageBadge } from "./StageBadge";
import { StageMenu } from "./StageMenu";
import { StatusBadge } from "./StatusBadge";
import { Tags } from "./Tags";
import type { ModelVersion } from "./types";
import { UseTab } from "./UseTab";
import { VersionActivityTab } from "./VersionActivityTab";
import { VersionFacts } from "./VersionFacts";
import { VersionMenu } from "./VersionMenu";
import { VersionOverview } from "./VersionOverview";
import { WhyProvider } from "./Why";

/** A version of a registered model. */
export function Page() {
  const { name = "", version: number = "" } = useParams();
  const version = useVersion(name, number);
  useLiveModel(name, version.data?.model_object);
  if (version.data) return <Shown key={`${name} ${number}`} version={version.data} />;
  return (
    <Screen title={`${name}, version ${number}`} icon={<Box aria-hidden="true" />} breadcrumbs={crumbsOf(name)} width="wide">
      {version.error ? <NotShown error={version.error} retry={() => void version.refetch()} /> : <Skeleton lines={8} label="Loading the version" />}
    </Screen>
  );
}

const crumbsOf = (name: string) => [
  { text: "Models", to: "/models" },
  { text: name, to: modelPage(name) },
];

function Shown({ version }: { version: ModelVersion }) {
  const [tab, setTab] = useTab("overview");
  const model = useModel(version.name);
  const on = { object: version.model_object, kind: "registered-model", abilities: version.abilities };
  const badges = (
    <>
      <StageBadge stage={version.current_stage} />
      <StatusBadge status={version.status} reason={version.status_message} />
      {version.aliases.map((alias) => (
        <Badge key={alias} tone="accent">
          @{alias}
        </Badge>
      ))}
      <LevelBadge level={version.level} />
    </>
  );
  const aliases = model.data?.aliases ?? version.aliases.map((alias) => ({ alias, version: version.version }));
  return (
    <WhyProvider>
      <Screen
        title={`${version.name}, version ${version.version}`}
        icon={<Box aria-hidden="true" />}
        badges={badges}
        breadcrumbs={crumbsOf(version.name)}
        width="wide"
        actions={
          <>
            <StageMenu version={version} />
            <VersionMenu version={version} on={on} />
          </>
        }
      >
        <div className={styles.split}>
          <div className={styles.main}>
            <Tabs
              label={`About version ${version.version}`}
              tabs={tabsOf(version, model.data?.prompt ?? false)}
              selected={tab}
              onSelect={setTab}
            />
          </div>
          <aside className={styles.aside} aria-label="What is known of the version">
            <VersionFacts version={version} />
            <Description place={{ name: version.name, version: version.version }} text={version.description} on={on} />
            <Aliases name={version.name} version={version.version} aliases={aliases} on={on} twoPersons={version.two_persons} />
            <Tags place={{ name: version.name, version: version.version }} tags={version.tags} on={on} />
          </aside>
        </div>
      </Screen>
    </WhyProvider>
  );
}

function tabsOf(version: ModelVersion, prompt: boolean): TabEntry[] {
  const { name, version: number } = version;
  const tabs: TabEntry[] = [
    { id: "overview", title: "Overview", content: <VersionOverview version={version} prompt={prompt} /> },
    { id: "use", title: prompt ? "Load it" : "Load and verify", content: <UseTab version={version} prompt={prompt} /> },
    { id: "signature", title: "Signature", content: <SignatureTab version={version} /> },
    { id: "files", title: "Files", count: version.files, content: <FilesTab version={version} /> },
    { id: "provenance", title: "Provenance", content: <LineageView name={name} version={number} /> },
    { id: "activity", title: "Activity", content: <VersionActivityTab version={version} /> },
  ];
  // Prompts have no files, and so no signature.
  return prompt ? tabs.filter((t) => t.id !== "signature" && t.id !== "files") : tabs;
}
