import { GitPullRequestArrow, X } from "lucide-react";
import { Button, Code, Empty, Link, Page as Screen, Tabs } from "../ui";
import { shellText } from "./code";
import { modelPage } from "./paths";
import type { Whose } from "./queries";
import { RequestList } from "./RequestList";
import { useFilter } from "./useFilter";
import { useViewer } from "../app/session";
import { WhyProvider } from "./Why";

const views: { whose: Whose; title: string }[] = [
  { whose: "decidable", title: "For me to decide" },
  { whose: "mine", title: "Asked by me" },
  { whose: "all", title: "All" },
];

/** The pending transition requests of all models that the viewer may look at. */
export function Page() {
  const [value, set] = useFilter();
  const model = value("model");
  const chosen = views.find((v) => v.whose === value("whose"))?.whose ?? "decidable";
  const tabs = views.map(({ whose, title }) => ({
    id: whose,
    title,
    content: (
      <div className="stack">
        <RequestList whose={whose} model={model} empty={<NoRequests whose={whose} model={model} />} />
      </div>
    ),
  }));
  return (
    <Screen
      title="Transition requests"
      icon={<GitPullRequestArrow aria-hidden="true" />}
      breadcrumbs={[{ text: "Models", to: "/models" }]}
      about="Who may not move a version to a stage asks for it; somebody who may decides. The oldest request is first."
    >
      <WhyProvider>
        {model === "" ? null : (
          <div className="row">
            <span>
              Only of{" "}
              <Link to={modelPage(model)}>
                <bdi className="break">{model}</bdi>
              </Link>
            </span>
            <Button size="s" icon={<X aria-hidden="true" />} onPress={() => set("model", "")}>
              Show all models
            </Button>
          </div>
        )}
        <Tabs label="Whose requests" tabs={tabs} selected={chosen} onSelect={(id) => set("whose", id === "decidable" ? "" : id)} />
      </WhyProvider>
    </Screen>
  );
}

const words: Record<Whose, { title: string; text: string }> = {
  decidable: { title: "Nothing waits for your decision", text: "Requests that you may approve or reject appear here by themselves." },
  mine: { title: "You have no pending request", text: "Ask for a stage on a version's page, or with any client:" },
  all: { title: "No request is pending", text: "A request asks for a version's move to a stage. On a version's page, or with any client:" },
};

function NoRequests({ whose, model }: { whose: Whose; model: string }) {
  const { host } = useViewer();
  const body = JSON.stringify({ name: model || "iris", version: "1", stage: "Production", comment: "why" });
  const command = `curl -sS -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" ${host}/api/2.0/mlflow/transition-requests/create \\\n  -d ${shellText(body)}`;
  return (
    <Empty title={words[whose].title} icon={<GitPullRequestArrow aria-hidden="true" />}>
      <p>{words[whose].text}</p>
      {whose === "decidable" ? null : <Code wrap language="bash" what="command that asks for a transition" text={command} />}
    </Empty>
  );
}
