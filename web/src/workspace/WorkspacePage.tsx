import { useEffect, useRef, useState } from "react";
import { Folder, FolderPlus, ShieldUser, Trash2, Upload } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { useSearchParams, useNavigate } from "react-router";
import { usePermissionsDialog } from "../access/permissions";
import { useObject, usePaged } from "../api/hooks";
import { useLive } from "../api/live";
import { Allowed, Badge, Button, ButtonLink, Code, Empty, LevelBadge, More, Page as Screen, Problem, Skeleton, Tree } from "../ui";
import { CreateFolderDialog } from "./CreateFolderDialog";
import { below, crumbsOf, folderAddress, lastOf } from "./crumbs";
import { DropFiles } from "./DropFiles";
import { FolderList } from "./FolderList";
import { ancestorsOf } from "./FolderPicker";
import { ImportDialog } from "./ImportDialog";
import { ItemMenu } from "./ItemMenu";
import type { TreeItem, TreePage } from "./items";
import { TrashView } from "./TrashView";
import { useFolderTree } from "./useFolderTree";
import styles from "./Workspace.module.css";

/** The workspace: the tree at the side, the folder's items beside it; or the trash. */
export function Page() {
  const [params] = useSearchParams();
  if (params.get("view") === "trash") return <TrashView />;
  const path = params.get("path") ?? "/";
  return <FolderScreen path={path} />;
}

type Doing = "folder" | "import";

function FolderScreen({ path }: { path: string }) {
  const list = usePaged<TreePage, TreeItem>("/tree", { path }, (page) => page.items);
  // While another folder is read, the one before is not shown under its name.
  const isRead = list.isSuccess && !list.isPlaceholderData;
  const folder = isRead ? list.data.pages[0]?.folder : undefined;
  const object = useObject(folder?.object);
  const client = useQueryClient();
  // Who may only know of a folder is not told of its changes.
  useLive(folder?.level ? folder.object : undefined, () => void client.invalidateQueries({ queryKey: ["/tree"] }));
  useArrival(path);
  const [doing, setDoing] = useState<Doing>();
  const [files, setFiles] = useState<File[]>([]);
  const take = (dropped: File[]) => {
    setFiles(dropped);
    setDoing("import");
  };
  const close = () => {
    setDoing(undefined);
    setFiles([]);
  };
  return (
    <Screen
      title={lastOf(path)}
      icon={<Folder aria-hidden="true" />}
      width="wide"
      badges={folder ? <FolderBadges folder={folder} /> : null}
      breadcrumbs={object.data ? crumbsOf(object.data) : []}
      actions={folder ? <Toolbar folder={folder} act={setDoing} /> : null}
    >
      <div className={styles.panes}>
        <Side path={path} />
        <div className={styles.main}>
          {list.error ? <Problem error={list.error} object={path} onRetry={() => void list.refetch()} /> : null}
          {isRead || list.error ? null : <Skeleton lines={10} />}
          {folder ? (
            <DropFiles onFiles={take} isDisabled={!folder.abilities.includes("create-items")}>
              <FolderList key={path} items={list.items} empty={<EmptyFolder folder={folder} act={setDoing} />} />
              <More list={list} what="items" />
            </DropFiles>
          ) : null}
        </div>
      </div>
      {doing === "folder" ? <CreateFolderDialog folder={path} close={close} /> : null}
      {doing === "import" ? <ImportDialog folder={path} files={files} close={close} /> : null}
    </Screen>
  );
}

/** What was pressed to come to another folder may be gone with the one before; the focus then goes to the title, which is read out. */
function useArrival(path: string) {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [path]);
}

const specials: Partial<Record<NonNullable<TreeItem["special"]>, string>> = {
  users: "home folders", shared: "everybody manages it", home: "home folder", repos: "Git folders",
};

function FolderBadges({ folder }: { folder: TreeItem }) {
  const words = folder.special && specials[folder.special];
  return (
    <>
      {words ? <Badge tone="violet">{words}</Badge> : null}
      <LevelBadge level={folder.level} />
    </>
  );
}

function Toolbar({ folder, act }: { folder: TreeItem; act: (what: Doing) => void }) {
  const permissions = usePermissionsDialog();
  return (
    <>
      <Allowed ability="create-items" on={folder}>
        <Button icon={<FolderPlus aria-hidden="true" />} onPress={() => { act("folder"); }}>
          Create folder
        </Button>
      </Allowed>
      <Allowed ability="create-items" on={folder}>
        <Button icon={<Upload aria-hidden="true" />} onPress={() => { act("import"); }}>
          Import
        </Button>
      </Allowed>
      <Button icon={<ShieldUser aria-hidden="true" />} onPress={() => { permissions.open({ object: folder }); }}>
        Permissions
      </Button>
      <ButtonLink to="/workspace?view=trash" icon={<Trash2 aria-hidden="true" />}>
        Trash
      </ButtonLink>
      <ItemMenu item={folder} here />
    </>
  );
}

/** The tree of folders; left out where it is narrow, since the list and the breadcrumbs lead everywhere. */
function Side({ path }: { path: string }) {
  const navigate = useNavigate();
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set(ancestorsOf(path)));
  const [shown, setShown] = useState(path);
  if (shown !== path) {
    // The way to another folder is opened; what else was opened stays so.
    setShown(path);
    setExpanded(new Set([...expanded, ...ancestorsOf(path)]));
  }
  const nodes = useFolderTree(expanded, <Folder aria-hidden="true" size={16} />);
  return (
    <nav className={styles.side} aria-label="Folders">
      <Tree label="Folders" nodes={nodes} expanded={expanded} onExpand={setExpanded} selected={path} onAction={(to) => void navigate(folderAddress(to))} />
    </nav>
  );
}

function EmptyFolder({ folder, act }: { folder: TreeItem; act: (what: Doing) => void }) {
  if (!folder.abilities.includes("create-items")) {
    return (
      <Empty title="Nothing to see in this folder" icon={<Folder aria-hidden="true" />}>
        It is empty, or what lies in it is not for you.
      </Empty>
    );
  }
  return (
    <Empty
      title="Nothing is in this folder"
      icon={<Folder aria-hidden="true" />}
      actions={<Button onPress={() => { act("import"); }}>Import notebooks or files</Button>}
    >
      <p>Drop files here, or log an experiment into it:</p>
      <Code text={`mlflow.set_experiment("${below(folder.path ?? "/", "my-experiment")}")`} what="command that makes an experiment here" language="python" wrap />
    </Empty>
  );
}
