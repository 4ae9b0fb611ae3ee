import { useState, type ReactNode } from "react";
import { Box, Plus } from "lucide-react";
import { useObject } from "../api/hooks";
import { useViewer } from "../app/session";
import { Allowed, Button, ButtonLink, Code, Empty, Page as Screen, Problem, SearchField, Select, Skeleton, type Sort } from "../ui";
import { registerLines } from "./code";
import { CreateModel } from "./CreateModel";
import styles from "./Models.module.css";
import { ModelsTable } from "./ModelsTable";
import { OwnerField } from "./OwnerField";
import { Pager } from "./Pager";
import { pageSize, promptPage, useModels, useNeglected, usePages, usePrompts, type Pages } from "./queries";
import { stages, type ModelsAnswer } from "./types";
import { orderOf, sortOf, sortText, useFilter, useSettled } from "./useFilter";
import { WhyProvider } from "./Why";

/** The registered models that the viewer may look at. */
export function Page() {
  const viewer = useViewer();
  const [creates, setCreates] = useState(false);
  const registry = useObject("registered-models/root");
  const actions = (
    <>
      <ButtonLink to="/requests">Transition requests</ButtonLink>
      <Allowed ability="create-model" on={registry.data}>
        <Button variant="primary" icon={<Plus aria-hidden="true" />} onPress={() => setCreates(true)}>
          Create model
        </Button>
      </Allowed>
    </>
  );
  return (
    <Screen title="Models" icon={<Box aria-hidden="true" />} actions={actions} width="wide">
      <WhyProvider>
        <List host={viewer.host} />
      </WhyProvider>
      {creates ? <CreateModel close={() => setCreates(false)} /> : null}
    </Screen>
  );
}

const kinds = [
  { value: "models", text: "Models" },
  { value: "prompts", text: "Prompts" },
];
const stageOptions = [{ value: "any", text: "Any stage" }, ...stages.map((stage) => ({ value: stage, text: stage === "None" ? "No stage" : stage }))];

function List({ host }: { host: string }) {
  const [value, set] = useFilter();
  const [text, setText] = useState(value("q"));
  const settled = useSettled(text);
  const prompts = value("show") === "prompts";
  const sort = sortOf(value("sort"));
  const filter = { text: settled, owner: value("owner"), stage: value("stage"), order: orderOf(sort) };
  const pages = usePages(JSON.stringify([filter, prompts]));
  const models = useModels(filter, pages.token, !prompts);
  const found = usePrompts(filter, pages.token, prompts);
  const list = prompts ? found : models;
  const filtered = settled !== "" || (!prompts && (filter.owner !== "" || filter.stage !== ""));
  const none = <NoModels filtered={filtered} prompts={prompts} host={host} />;
  return (
    <>
      <div className={styles.filters} role="search">
        <SearchField
          label={`Search ${prompts ? "prompts" : "models"}`}
          hideLabel={false}
          value={text}
          onChange={(next) => {
            setText(next);
            set("q", next);
          }}
          placeholder="Part of the name"
        />
        <Select label="Show" options={kinds} value={prompts ? "prompts" : "models"} onChange={(next) => set("show", next === "prompts" ? next : "")} />
        {prompts ? null : (
          <>
            <Select label="Stage" options={stageOptions} value={filter.stage || "any"} onChange={(next) => set("stage", next === "any" ? "" : next)} />
            <OwnerField label="Owner" value={filter.owner} onChange={(next) => set("owner", next)} />
          </>
        )}
      </div>
      {list.error ? <Problem error={list.error} title="The models could not be listed." onRetry={() => void list.refetch()} /> : null}
      {list.isPending && !list.error ? <Skeleton lines={8} label="Loading the models" /> : null}
      {list.data && !list.isPending ? <Found list={list.data} pages={pages} sort={sort} prompts={prompts} isLoading={list.isPlaceholderData} none={none} /> : null}
    </>
  );
}

interface FoundProps {
  list: ModelsAnswer;
  pages: Pages;
  sort: Sort;
  prompts: boolean;
  isLoading: boolean;
  none: ReactNode;
}

function Found({ list, pages, sort, prompts, isLoading, none }: FoundProps) {
  const [, set] = useFilter();
  const neglected = useNeglected();
  if (list.models.length === 0 && pages.at === 0) return none;
  return (
    <>
      <ModelsTable models={list.models} neglected={neglected} sort={sort} onSort={(next) => set("sort", sortText(next))} />
      <Pager
        pages={pages}
        size={prompts ? promptPage : pageSize}
        shown={list.models.length}
        next={list.next_page_token}
        what={prompts ? "prompts" : "models"}
        isLoading={isLoading}
      />
    </>
  );
}

function NoModels({ filtered, prompts, host }: { filtered: boolean; prompts: boolean; host: string }) {
  if (filtered) return <Empty title={`No ${prompts ? "prompt" : "model"} found`}>None that you may look at matches the search and the filters.</Empty>;
  if (prompts) {
    return (
      <Empty title="No prompts yet">
        <p>Register one with MLflow:</p>
        <Code wrap language="python" what="lines that register a prompt" text={'mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first")'} />
      </Empty>
    );
  }
  return (
    <Empty title="No models yet" icon={<Box aria-hidden="true" />}>
      <p>Log a model with MLflow and register it under a name. You are shown the models on which you have a level.</p>
      <Code wrap language="python" what="lines that register a first model" text={registerLines(host)} />
    </Empty>
  );
}
