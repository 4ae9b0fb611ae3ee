import { MessageSquareText, UserRoundX } from "lucide-react";
import { Badge, LevelBadge, Link, plural, Table, Time, type Column, type Sort } from "../ui";
import { ModelMenu } from "./ModelMenu";
import styles from "./Models.module.css";
import { modelPage, versionPage } from "./paths";
import { StageBadge } from "./StageBadge";
import { stages, type ModelRow } from "./types";

/** Why nobody answers for a model, in words. */
export const neglectWords: Record<string, string> = {
  "no-owner": "no owner",
  "owner-removed": "owner was removed",
  "owner-inactive": "owner is inactive",
  "owner-empty": "nobody active in the owning group",
};

/** The owner's name, and a mark where nobody answers any more. */
export function Owner({ name, unowned = "" }: { name: string; unowned: string | undefined }) {
  return (
    <span className={styles.owner}>
      {name === "" ? null : <span>{name}</span>}
      {unowned === "" ? null : (
        <Badge tone="warn" icon={<UserRoundX aria-hidden="true" />}>
          {neglectWords[unowned] ?? unowned}
        </Badge>
      )}
    </span>
  );
}

function Name({ model }: { model: ModelRow }) {
  return (
    <span className={styles.name}>
      <Link to={modelPage(model.name)} title={model.name}>
        <bdi>{model.name}</bdi>
      </Link>
      {model.prompt ? (
        <Badge tone="violet" icon={<MessageSquareText aria-hidden="true" />}>
          Prompt
        </Badge>
      ) : null}
      {model.description ? <span className={styles.what}>{model.description.slice(0, 200)}</span> : null}
    </span>
  );
}

function Latest({ model }: { model: ModelRow }) {
  const there = stages.filter((stage) => model.latest[stage] !== undefined);
  if (there.length === 0) return <span className="faint">no versions</span>;
  return (
    <span className={styles.stages}>
      {["Production" as const, "Staging" as const, "None" as const, "Archived" as const]
        .filter((stage) => there.includes(stage))
        .map((stage) => (
          <Link key={stage} to={versionPage(model.name, model.latest[stage] ?? "")}>
            <StageBadge stage={stage} version={model.latest[stage]} />
          </Link>
        ))}
    </span>
  );
}

const shownAliases = 3;

function Aliases({ model }: { model: ModelRow }) {
  if (model.aliases.length === 0) return <span className="faint">none</span>;
  const rest = model.aliases.slice(shownAliases).map((a) => a.alias);
  return (
    <span className={styles.chips}>
      {model.aliases.slice(0, shownAliases).map((a) => (
        <Link key={a.alias} to={versionPage(model.name, a.version)}>
          <Badge tone="accent" title={`${a.alias} is version ${a.version}`}>
            @{a.alias}
          </Badge>
        </Link>
      ))}
      {rest.length > 0 ? <span className="faint small" title={rest.join(", ")}>{`and ${rest.length} more`}</span> : null}
    </span>
  );
}

function Pending({ model }: { model: ModelRow }) {
  if (model.requests === 0) return <span className="faint">none</span>;
  return (
    <Link to={`/requests?model=${encodeURIComponent(model.name)}&whose=all`} className={styles.count}>
      {plural(model.requests, "request")}
    </Link>
  );
}

const columns: Column<ModelRow>[] = [
  { key: "name", title: "Name", cell: (m) => <Name model={m} />, sortable: true },
  { key: "latest", title: "Latest versions", cell: (m) => <Latest model={m} /> },
  { key: "aliases", title: "Aliases", cell: (m) => <Aliases model={m} />, hideNarrow: true },
  { key: "owner", title: "Owner", cell: (m) => <Owner name={m.owner} unowned={m.unowned} /> },
  { key: "requests", title: "Pending", cell: (m) => <Pending model={m} /> },
  { key: "level", title: "My level", cell: (m) => <LevelBadge level={m.level} /> },
  { key: "modified", title: "Modified", cell: (m) => <Time at={m.modified_at} />, sortable: true, hideNarrow: true },
  { key: "menu", title: "Actions", hideTitle: true, align: "end", cell: (m) => <ModelMenu model={m} /> },
];

export interface ModelsTableProps {
  models: readonly ModelRow[];
  sort: Sort;
  onSort: (sort: Sort) => void;
}

/** Registered models with what stands where, who answers, and what the viewer may do. */
export function ModelsTable({ models, sort, onSort }: ModelsTableProps) {
  return <Table label="Registered models" columns={columns} rows={models} rowKey={(m) => m.object} sort={sort} onSort={onSort} empty="No models on this page." />;
}
