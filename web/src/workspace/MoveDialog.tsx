import { useState } from "react";
import { useQueries } from "@tanstack/react-query";
import { EffectSummary, type Effect } from "../access/EffectSummary";
import { post } from "../api/client";
import { Button, Dialog, notify, plural, Problem, Skeleton } from "../ui";
import { below, parentOf } from "./crumbs";
import { FolderPicker } from "./FolderPicker";
import { useMove, type TreeItem } from "./items";

/** Moves things to another folder. Who gains and who loses by it is shown before it can be done. */
export function MoveDialog({ items, close, done: moved }: { items: readonly TreeItem[]; close: () => void; done?: (folder: string) => void }) {
  const from = parentOf(items[0]?.path ?? "/");
  const [folder, setFolder] = useState(from);
  const [done, setDone] = useState(0);
  const move = useMove();
  const moves = items.map((item) => ({ path: item.path ?? "", destination: below(folder, item.name) }));
  const effects = useQueries({
    queries: moves.map((each) => ({
      queryKey: ["/workspace/move/preview", each],
      queryFn: () => post<Effect>("/workspace/move/preview", each),
      enabled: folder !== from,
      staleTime: 0,
      retry: false,
    })),
  });
  const failed = effects.find((e) => e.error)?.error ?? move.error;
  const ready = folder !== from && effects.every((e) => e.isSuccess);
  const run = async () => {
    for (const each of moves.slice(done)) {
      await move.mutateAsync(each);
      setDone((n) => n + 1);
    }
    notify(`${items.length === 1 ? (items[0]?.name ?? "") : plural(items.length, "item")} moved to ${folder}.`);
    close();
    moved?.(folder);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={close}
      title={items.length === 1 ? `Move ${items[0]?.name ?? ""}` : `Move ${plural(items.length, "item")}`}
      about={from}
      footer={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button
            variant="primary"
            isDisabled={!ready}
            isPending={move.isPending}
            onPress={() => {
              void run().catch(() => undefined); // the error stands in the dialog
            }}
          >
            Move
          </Button>
        </>
      }
    >
      <div className="stack">
        <FolderPicker label="New folder" value={folder} onChange={setFolder} />
        {folder === from ? <p className="muted">Choose another folder to see who gains and who loses access.</p> : null}
        {failed ? <Problem error={failed} /> : null}
        {folder !== from && !failed && !ready ? <Skeleton lines={3} /> : null}
        {ready ? items.map((item, at) => <ItemEffect key={item.object} item={item} effect={effects[at]?.data} named={items.length > 1} />) : null}
      </div>
    </Dialog>
  );
}

function ItemEffect({ item, effect, named }: { item: TreeItem; effect: Effect | undefined; named: boolean }) {
  if (!effect) return null;
  return (
    <section aria-label={`Effect on ${item.name}`}>
      {named ? <h3>{item.name}</h3> : null}
      <EffectSummary effect={effect} what="this move" />
    </section>
  );
}
