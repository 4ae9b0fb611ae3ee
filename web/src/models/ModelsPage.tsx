import { useState, type ReactNode } from "react";
import { Box, Plus } from "lucide-react";
import { useViewer } from "../app/session";
import { Allowed, Button, ButtonLink, Code, Empty, Page as Screen, Problem, SearchField, Select, Skeleton, type Sort } from "../ui";
import { registerLines } from "./code";
import { CreateModel } from "./CreateModel";
import styles from "./Models.module.css";
import { ModelsTable } from "./ModelsTable";
import { OwnerField } from "./OwnerField";
import { Pager } from "./Pager";
import { pageSize, useModels, usePages, type Pages } from "./queries";
import { stages, type ModelsAnswer } from "./types";
import { orderOf, sortOf, sortText, useFilter, useSettled } from "./useFilter";
import { WhyProvider } from "./Why";

/** The registered models that the viewer may look at. */
export function Page() {
  const viewer = useViewer();
  const [creates, setCreates] = useState(false);
  const registry = { object: "registered-models/root", kind: "registered-model", abilities: viewer.creates.filter((c) => c.object === "registered-models/root").map((c) => c.ability) };
  const actions = (
    <>
      <ButtonLink to="/requests">Transition requests</ButtonLink>
      <Allowed ability="create-model" on={registry}>
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
  { value: "unowned", text: "Models without an owner", what: "Nobody answers for them" },
  { value: "prompts", text: "Prompts" },
];
const stageOptions = [{ value: "any", text: "Any stage" }, ...stages.map((stage) => ({ value: stage, text: stage === "None" ? "No stage" : stage }))];

function List({ host }: { host: string }) {
  const [value, set] = useFilter();
  const [text, setText] = useState(value("q"));
  const settled = useSettled(text);
  const shown = kinds.find((kind) => kind.value === value("show"))?.value ?? "models";
  const prompts = shown === "prompts";
  const sort = sortOf(value("sort"));
  // Prompts have no stages and no owner's field above them.
  const of = (name: string) => (prompts ? "" : value(name));
  const filter = { text: settled, owner: of("owner"), stage: of("stage"), order: orderOf(sort), prompts, unowned: shown === "unowned" };
  const pages = usePages(JSON.stringify(filter));
  const list = useModels(filter, pages.token);
  const filtered = settled !== "" || filter.owner !== "" || filter.stage !== "" || filter.unowned;
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
        <Select label="Show" options={kinds} value={shown} onChange={(next) => set("show", next === "models" ? "" : next)} />
        {prompts ? null : (
          <>
            <Select label="Stage" options={stageOptions} value={filter.stage || "any"} onChange={(next) => set("stage", next === "any" ? "" : next)} />
            <OwnerField label="Owner" value={filter.owner} onChange={(next) => set("owner", next)} />
          </>
        )}
      </div>
      {list.error ? <Problem error={list.error} title="The models could not be listed." onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton lines={8} label="Loading the models" /> : null}
      {list.data ? <Found list={list.data} pages={pages} sort={sort} prompts={prompts} isLoading={list.isPlaceholderData} none={none} /> : null}
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
  if (list.models.length === 0 && pages.at === 0) return none;
  return (
    <>
      <ModelsTable models={list.models} sort={sort} onSort={(next) => set("sort", sortText(next))} />
      <Pager
        pages={pages}
        size={pageSize}
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
