import { More, Problem, Skeleton } from "../ui";
import { ActivityFeed } from "./ActivityFeed";
import { NewComment } from "./Comments";
import { useActivities } from "./queries";
import type { ModelVersion } from "./types";

/** What was done with a version, and what people say of it. */
export function VersionActivityTab({ version }: { version: ModelVersion }) {
  const { name, version: number } = version;
  const list = useActivities(name, number);
  const on = { object: version.model_object, kind: "registered-model", abilities: version.abilities };
  return (
    <div className="stack" style={{ gap: "var(--s5)" }}>
      <NewComment name={name} version={number} on={on} />
      {list.error ? <Problem error={list.error} title="The activity could not be read." onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton label="Loading the activity" /> : null}
      {list.data ? <ActivityFeed name={name} entries={list.items.map((activity) => ({ activity, version: number }))} /> : null}
      <More list={list} what="activities" />
    </div>
  );
}
