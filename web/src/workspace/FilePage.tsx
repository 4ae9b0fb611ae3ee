import { useQuery } from "@tanstack/react-query";
import { Download, File as FileIcon, ShieldUser } from "lucide-react";
import { useParams } from "react-router";
import { usePermissionsDialog } from "../access/permissions";
import { databricks, get } from "../api/client";
import { useGet, useObject } from "../api/hooks";
import type { ObjectAnswer } from "../api/types";
import { Allowed, Button, Code, LevelBadge, Markdown, Notice, notify, Page as Screen, Problem, sizeText, Skeleton, Time } from "../ui";
import { CellView } from "../notebook/CellView";
import type { NotebookCells } from "../notebook/cells";
import { crumbsOf } from "./crumbs";
import { contentOf } from "./content";
import { ItemMenu } from "./ItemMenu";
import { exportItem, judged, type TreeItem } from "./items";
import styles from "./Workspace.module.css";

/** A file of the workspace, shown where it can be. */
export function Page() {
  const { id = "" } = useParams();
  const object = `files/${id}`;
  const found = useObject(object);
  const icon = <FileIcon aria-hidden="true" />;
  if (!found.data) {
    return (
      <Screen title="File" icon={icon}>
        {found.error ? <Problem error={found.error} object={object} onRetry={() => void found.refetch()} /> : <Skeleton lines={12} />}
      </Screen>
    );
  }
  const item: ObjectAnswer & TreeItem = found.data;
  return (
    <Screen title={item.name} icon={icon} badges={<LevelBadge level={item.level} />} breadcrumbs={crumbsOf(item)} about={<About item={item} />} actions={<Actions item={item} />}>
      {item.name.toLowerCase().endsWith(".ipynb") ? <Notebook id={id} item={item} /> : <Content item={item} />}
    </Screen>
  );
}

function About({ item }: { item: TreeItem }) {
  return (
    <>
      {item.size === undefined ? null : sizeText(item.size)}
      {item.modified_at ? <>, changed <Time at={item.modified_at} /></> : null}
    </>
  );
}

function Actions({ item }: { item: TreeItem }) {
  const permissions = usePermissionsDialog();
  const by = judged(item, "export");
  return (
    <>
      {by ? (
        <Allowed ability={by.ability} on={by.on}>
          <Button
            icon={<Download aria-hidden="true" />}
            onPress={() => {
              exportItem(item, "AUTO", "").catch((error: unknown) => {
                notify(error instanceof Error ? error.message : "The download failed.", { tone: "bad" });
              });
            }}
          >
            Download
          </Button>
        </Allowed>
      ) : null}
      <Button icon={<ShieldUser aria-hidden="true" />} onPress={() => { permissions.open({ object: item }); }}>
        Permissions
      </Button>
      <ItemMenu item={item} here />
    </>
  );
}

function Notebook({ id, item }: { id: string; item: TreeItem }) {
  const cells = useGet<NotebookCells>(`/notebooks/${encodeURIComponent(id)}/cells`, undefined, { about: [item.object] });
  if (cells.error) return <Problem error={cells.error} object={item.object} />;
  if (!cells.data) return <Skeleton lines={12} />;
  return (
    <div className="stack">
      <h2 className="visually-hidden">Cells</h2>
      {cells.data.cells.map((cell, index) => (
        <CellView key={index} cell={cell} number={index + 1} notebook={id} />
      ))}
    </div>
  );
}

/** Largest file that is read to be shown. */
const largest = 2_000_000;

function Content({ item }: { item: TreeItem }) {
  const small = (item.size ?? 0) <= largest;
  const file = useQuery({
    queryKey: [`${databricks}/workspace/export`, item.path, item.object],
    queryFn: ({ signal }) => get<{ content: string }>(`${databricks}/workspace/export`, { path: item.path, format: "AUTO" }, { signal }),
    enabled: small,
  });
  if (!small) return <Notice>This file is too large to be shown here. Download it.</Notice>;
  if (file.error) return <Problem error={file.error} object={item.object} />;
  if (!file.data) return <Skeleton lines={12} />;
  const shown = contentOf(item.name, file.data.content);
  switch (shown.as) {
    case "image":
      return <img className={styles.image} src={shown.address} alt={item.name} />;
    case "markdown":
      return <Markdown text={shown.text} />;
    case "text":
      return <Code text={shown.text} what={item.name} language={shown.language} />;
    default:
      return <Notice>This file is no text. Download it to open it.</Notice>;
  }
}
