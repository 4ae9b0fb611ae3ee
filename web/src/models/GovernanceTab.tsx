import { useObject } from "../api/hooks";
import { Link, Notice, notify, Problem, Section, Select, Skeleton, useAllowed } from "../ui";
import { setTwoPersons, useModelChange } from "./changes";
import { useRequiredChecks, useRequiredTags, useTwoPersons } from "./queries";
import { RequiredChecks } from "./RequiredChecks";
import { RequiredTags } from "./RequiredTags";
import type { Model, TwoPersons } from "./types";

/** What a version must have before it comes into a stage, and a model before it is made. */
export function GovernanceTab({ model }: { model: Model }) {
  return (
    <div className="stack" style={{ gap: "var(--s6)" }}>
      <TwoPersonsSection model={model} />
      <ChecksSection model={model} />
      <TagsSection />
    </div>
  );
}

const options = [
  { value: "inherit", text: "As the workspace says" },
  { value: "yes", text: "Two persons" },
];

function TwoPersonsSection({ model }: { model: Model }) {
  const rule = useTwoPersons(model.name);
  const refused = useAllowed("set-model-governance", model);
  const change = useModelChange(model.name, (choice: TwoPersons["two_persons"]) => setTwoPersons(model.name, choice), () =>
    notify("Saved how many persons Production takes."),
  );
  return (
    <Section
      title="Two persons for Production"
      about="With it, a version comes into Production only by a request that somebody else approves, administrators included; and an alias may only mean a version in Production."
    >
      {rule.error ? <Problem error={rule.error} /> : null}
      {rule.data ? (
        <>
          <Notice tone={rule.data.in_force ? "good" : "plain"}>
            {rule.data.in_force ? "In force: Production takes two persons." : "Not in force: who may move a version into Production does so alone."}
          </Notice>
          <div style={{ maxWidth: 320 }}>
            <Select
              label="For this model"
              options={options}
              value={rule.data.two_persons}
              onChange={(value) => change.mutate(value === "yes" ? "yes" : "inherit")}
              isDisabled={refused !== null || change.isPending}
              hint={refused?.reason ?? "The workspace's own rule cannot be lifted here."}
            />
          </div>
        </>
      ) : (
        <Skeleton lines={2} />
      )}
      {change.error ? <Problem error={change.error} object={model.object} title="The rule was not changed." /> : null}
    </Section>
  );
}

function ChecksSection({ model }: { model: Model }) {
  const checks = useRequiredChecks(model.name);
  return (
    <Section title="Required checks" about="A version comes into a stage only when these checks have passed on its bytes. CI posts them.">
      {checks.error ? <Problem error={checks.error} /> : null}
      {checks.data ? <RequiredChecks key={JSON.stringify(checks.data)} model={model} list={checks.data.required_checks} /> : <Skeleton lines={3} />}
    </Section>
  );
}

function TagsSection() {
  const tags = useRequiredTags();
  const root = useObject("registered-models/root");
  return (
    <Section
      title="Required tags"
      about={
        <>
          Of every new model in the registry, not only of this one. What exists stays as it is. <Link to="/models">All models</Link>
        </>
      }
    >
      {tags.error ? <Problem error={tags.error} /> : null}
      {tags.data && root.data ? <RequiredTags key={JSON.stringify(tags.data)} root={root.data} list={tags.data.required_tags} /> : <Skeleton lines={3} />}
    </Section>
  );
}
