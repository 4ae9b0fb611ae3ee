import { NotebookText, ShieldUser } from "lucide-react";
import { useParams } from "react-router";
import { usePermissionsDialog } from "../access/permissions";
import { useGet, useObject } from "../api/hooks";
import { useLive } from "../api/live";
import type { ObjectAnswer } from "../api/types";
import { Badge, Button, Empty, LevelBadge, Notice, Page as Screen, Problem, Skeleton, Time } from "../ui";
import { crumbsOf } from "../workspace/crumbs";
import { ItemMenu } from "../workspace/ItemMenu";
import { CellView } from "./CellView";
import type { NotebookCells } from "./cells";
import styles from "./Notebook.module.css";

/** A notebook: its cells, results and Markdown as they were imported, with permissions in its bar. */
export function Page() {
  const { id = "" } = useParams();
  const object = `notebooks/${id}`;
  const found = useObject(object);
  useLive(found.data ? object : undefined);
  if (found.error) {
    return (
      <Screen title="Notebook" icon={<NotebookText aria-hidden="true" />}>
        <Problem error={found.error} object={object} onRetry={() => void found.refetch()} />
      </Screen>
    );
  }
  if (!found.data) {
    return (
      <Screen title="Notebook" icon={<NotebookText aria-hidden="true" />}>
        <Skeleton lines={12} />
      </Screen>
    );
  }
  return <Notebook item={found.data} id={id} />;
}

function Notebook({ item, id }: { item: ObjectAnswer; id: string }) {
  const permissions = usePermissionsDialog();
  const cells = useGet<NotebookCells>(`/notebooks/${encodeURIComponent(id)}/cells`, undefined, { about: [item.object] });
  const actions = (
    <>
      <Button
        icon={<ShieldUser aria-hidden="true" />}
        onPress={() => {
          permissions.open({ object: item });
        }}
      >
        Permissions
      </Button>
      <ItemMenu item={item} here />
    </>
  );
  return (
    <Screen
      title={item.name}
      icon={<NotebookText aria-hidden="true" />}
      badges={
        <>
          {item.language ? <Badge tone="outline">{item.language.toLowerCase()}</Badge> : null}
          <LevelBadge level={item.level} />
        </>
      }
      breadcrumbs={crumbsOf(item)}
      about={cells.data ? <>Changed <Time at={cells.data.modified_at} />. Cells are shown as they were imported; they run where the notebook came from.</> : null}
      actions={actions}
    >
      {cells.error ? <Problem error={cells.error} object={item.object} onRetry={() => void cells.refetch()} /> : null}
      {cells.isPending ? <Skeleton lines={12} /> : null}
      {cells.data ? <Cells notebook={cells.data} id={id} /> : null}
    </Screen>
  );
}

function Cells({ notebook, id }: { notebook: NotebookCells; id: string }) {
  if (notebook.cells.length === 0) {
    return <Empty title="This notebook has no cells">Import one over it, from a file or with the Databricks CLI.</Empty>;
  }
  return (
    <div className={styles.cells}>
      <h2 className="visually-hidden">Cells</h2>
      {notebook.cells.map((cell, index) => (
        // Cells have no names, and the list is replaced as a whole.
        <CellView key={index} cell={cell} number={index + 1} notebook={id} />
      ))}
      {notebook.truncated ? <Notice>More cells are not shown. Export the notebook to read them all.</Notice> : null}
    </div>
  );
}
