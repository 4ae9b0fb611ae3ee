import { useState, type ReactNode } from "react";
import { FolderInput, Trash2 } from "lucide-react";
import { Allowed, Badge, Button, Checkbox, KindIcon, kindWords, LevelBadge, Link, placeOf, plural, Table, Time, type Column } from "../ui";
import { folderAddress } from "./crumbs";
import { ItemMenu } from "./ItemMenu";
import { judged, type TreeItem } from "./items";
import { MoveDialog } from "./MoveDialog";
import { TrashDialog } from "./TrashDialog";
import styles from "./Workspace.module.css";

/** What is in a folder, with the viewer's level on every line; several can be moved or deleted together. */
export function FolderList({ items, empty }: { items: readonly TreeItem[]; empty: ReactNode }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const picked = items.filter((item) => chosen.has(item.object));
  const pick = (object: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(object);
    else next.delete(object);
    setChosen(next);
  };
  if (items.length === 0) return empty;
  const all = items.filter((item) => judged(item, "trash"));
  return (
    <>
      {picked.length > 0 ? (
        <Bulk
          items={picked}
          clear={() => { setChosen(new Set()); }}
          {...(picked.length < all.length ? { rest: () => { setChosen(new Set(all.map((item) => item.object))); } } : {})}
        />
      ) : null}
      <Table label="Items" columns={columnsFor(chosen, pick)} rows={items} rowKey={(item) => item.object} />
    </>
  );
}

const columnsFor = (chosen: ReadonlySet<string>, pick: (object: string, on: boolean) => void): Column<TreeItem>[] => [
  {
    key: "name", title: "Name",
    cell: (item) => (
      <span className={styles.lead}>
        {judged(item, "trash") ? (
          <Checkbox aria-label={`Select ${item.name}`} isSelected={chosen.has(item.object)} onChange={(on) => { pick(item.object, on); }} />
        ) : (
          <span className={styles.noBox} />
        )}
        <Name item={item} />
      </span>
    ),
  },
  { key: "kind", title: "Kind", cell: (item) => <span className="muted">{kindWords(item.kind)}</span>, hideNarrow: true },
  { key: "level", title: "My level", cell: (item) => <Level level={item.level} /> },
  { key: "changed", title: "Changed", cell: (item) => (item.modified_at ? <Time at={item.modified_at} /> : null), hideNarrow: true },
  { key: "creator", title: "Creator", cell: (item) => <span className={styles.creator} title={item.creator}>{item.creator}</span>, hideNarrow: true },
  {
    key: "actions", title: "Actions", hideTitle: true, align: "end",
    cell: (item) => <ItemMenu item={item} />,
  },
];

/** The level in words; its icon only where there is no room, with the words for who has them read out. */
function Level({ level }: { level: string }) {
  return (
    <>
      <span className={styles.wide}><LevelBadge level={level} /></span>
      <span className={styles.narrow}><LevelBadge level={level} compact /></span>
    </>
  );
}

function Name({ item }: { item: TreeItem }) {
  const to = item.kind === "directory" && item.path ? folderAddress(item.path) : placeOf(item);
  return (
    <span className={styles.name}>
      <KindIcon kind={item.kind} size={16} />
      {to ? <Link to={to} className={styles.words} title={item.name}>{item.name}</Link> : <span className={styles.words} title={item.name}>{item.name}</span>}
      {item.special === "home" ? <Badge tone="violet">home</Badge> : null}
      {item.special === "users" || item.special === "shared" ? <Badge tone="outline">{item.special === "users" ? "home folders" : "for everybody"}</Badge> : null}
    </span>
  );
}

/** What can be done with all that were selected: allowed when it is for each of them. */
function Bulk({ items, clear, rest }: { items: readonly TreeItem[]; clear: () => void; rest?: () => void }) {
  const [doing, setDoing] = useState<"move" | "trash">();
  const strictest = (action: "move" | "trash") => {
    const all = items.map((item) => judged(item, action));
    return all.find((by) => by?.on.abilities.length === 0) ?? all[0];
  };
  const move = strictest("move");
  const trash = strictest("trash");
  const close = () => { setDoing(undefined); };
  return (
    <div className={styles.bulk} role="region" aria-label="Selected items">
      <span>{plural(items.length, "item")} selected</span>
      {move ? (
        <Allowed ability={move.ability} on={move.on}>
          <Button size="s" icon={<FolderInput aria-hidden="true" />} onPress={() => { setDoing("move"); }}>Move</Button>
        </Allowed>
      ) : null}
      {trash ? (
        <Allowed ability={trash.ability} on={trash.on}>
          <Button size="s" variant="danger" icon={<Trash2 aria-hidden="true" />} onPress={() => { setDoing("trash"); }}>Move to trash</Button>
        </Allowed>
      ) : null}
      {rest ? <Button size="s" variant="quiet" onPress={rest}>Select all</Button> : null}
      <Button size="s" variant="quiet" onPress={clear}>Clear</Button>
      {doing === "move" ? <MoveDialog items={items} close={() => { close(); clear(); }} /> : null}
      {doing === "trash" ? <TrashDialog items={items} close={close} done={clear} /> : null}
    </div>
  );
}
