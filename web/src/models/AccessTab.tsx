import { ShieldCheck, UsersRound } from "lucide-react";
import { usePermissionsDialog } from "../access/permissions";
import { useGet } from "../api/hooks";
import type { ObjectRef, PrincipalRef } from "../api/types";
import { Button, ButtonLink, kindWords, KindIcon, LevelBadge, Link, Notice, placeOf, plural, Problem, Skeleton, Table, useJudge, type Column } from "../ui";
import styles from "./Models.module.css";
import { accessPage } from "./paths";
import type { Model } from "./types";

interface ExplainedLevel {
  level: string;
  rule: string;
  inherited: boolean;
  from?: ObjectRef[];
}

interface Entry extends PrincipalRef {
  levels: ExplainedLevel[];
  members?: number;
}

/** Who has a level on the model, and where it comes from. */
export function AccessTab({ model }: { model: Model }) {
  const permissions = usePermissionsDialog();
  const judge = useJudge();
  const refused = judge("read-permissions", model);
  return (
    <div className="stack">
      <div className="row">
        <Button icon={<ShieldCheck aria-hidden="true" />} onPress={() => permissions.open({ object: model })}>
          Permissions
        </Button>
        <ButtonLink to={accessPage(model.object, "transition-any")} icon={<UsersRound aria-hidden="true" />}>
          Who can move to Production
        </ButtonLink>
      </div>
      {refused ? (
        <Notice>
          Who has which level is shown to who manages the model. You have: <LevelBadge level={model.level} />
        </Notice>
      ) : (
        <Entries object={model.object} />
      )}
    </div>
  );
}

function Entries({ object }: { object: string }) {
  const explained = useGet<{ entries: Entry[] }>(`/objects/${object}/explain`, {}, { about: [object] });
  if (explained.error) return <Problem error={explained.error} object={object} title="The permissions could not be read." />;
  if (!explained.data) return <Skeleton lines={4} label="Loading the permissions" />;
  return <Table label="Who has which level" columns={columns} rows={explained.data.entries} rowKey={(e) => e.id} empty="Nobody has a level on it." />;
}

const rules: Record<string, string> = {
  entry: "given here",
  creator: "made the model",
  admins: "administrators manage everything",
};

const columns: Column<Entry>[] = [
  {
    key: "who",
    title: "Who",
    cell: (e) => (
      <span className="row">
        <KindIcon kind={e.kind} />
        <span className="break">{e.name}</span>
        <span className="faint small">{e.members === undefined ? kindWords(e.kind) : `${kindWords(e.kind)}, ${plural(e.members, "member")}`}</span>
      </span>
    ),
  },
  {
    key: "level",
    title: "Level",
    cell: (e) => (
      <span className={styles.chips}>
        {e.levels.map((l, i) => (
          <LevelBadge key={i} level={l.level} />
        ))}
      </span>
    ),
  },
  { key: "from", title: "Where from", cell: (e) => e.levels.map((l, i) => <Origin key={i} level={l} />) },
];

function Origin({ level }: { level: ExplainedLevel }) {
  const above = level.from?.[0];
  if (!level.inherited || !above) return <div>{rules[level.rule] ?? level.rule}</div>;
  const page = placeOf(above);
  const name = above.object === "registered-models/root" ? "all registered models" : above.name;
  return <div>{level.rule === "admins" ? rules.admins : <>inherited from {page && name === above.name ? <Link to={page}>{name}</Link> : name}</>}</div>;
}
