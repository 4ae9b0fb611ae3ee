import { useEffect, useReducer, useState } from "react";
import type { ObjectRef } from "../api/types";
import { AlertDialog, announce, Button, Notice, notify, plural, Problem, Section, Skeleton } from "../ui";
import { AddPrincipals, LevelTable } from "./AddPrincipals";
import { noAcl, type Acl, type LevelInfo, type Who } from "./acl";
import { CheckSomeone } from "./CheckSomeone";
import { Conflict } from "./Conflict";
import { DirectEntries } from "./DirectEntries";
import { EffectSummary } from "./EffectSummary";
import { effectSentence } from "./effect";
import { InheritedEntries } from "./InheritedEntries";
import styles from "./Permissions.module.css";
import { driftOf } from "./rebase";
import { countsSentence, objectTitle } from "./sentences";
import { countsOf, requestOf, rowsOf, stage, staging, type Staging } from "./staging";
import { isConflict, useEffectOf, useSave, type AskedEffect } from "./usePermissions";

export interface StagedPermissions {
  state: Staging;
  /** The permissions have been read: before, nothing is to be shown. */
  isRead: boolean;
  /** How many changes are staged. */
  staged: number;
  wish: (who: Who, level: string | null) => void;
  undo: (key: string) => void;
  undoAll: () => void;
  noted: () => void;
  effect: AskedEffect;
  save: ReturnType<typeof useSave>;
  canChange: boolean;
}

/** Stages changes on the newest version of the permissions (absent until it is read), asks for their effect and saves them. */
export function useStaged(object: ObjectRef, acl: Acl | undefined, canChange: boolean, close: () => void): StagedPermissions {
  const [state, dispatch] = useReducer(stage, acl ?? noAcl, staging);
  useEffect(() => {
    if (acl) dispatch({ type: "reread", acl });
  }, [acl]);
  const isRead = state.base !== noAcl;
  const effect = useEffectOf(object.object, requestOf(state), state.base.etag, canChange && isRead);
  const save = useSave(object, () => {
    notify(`Permissions of ${objectTitle(object)} saved.`);
    close();
  });
  const staged = state.wishes.size;
  const sentence = effect.data && staged > 0 ? effectSentence(effect.data) : "";
  useEffect(() => {
    if (sentence !== "") announce(`Saving would do this: ${sentence}`);
  }, [sentence]);
  return {
    state,
    isRead,
    staged,
    wish: (who, level) => dispatch({ type: "wish", who, level }),
    undo: (key) => dispatch({ type: "undo", key }),
    undoAll: () => dispatch({ type: "undo-all" }),
    noted: () => {
      save.reset();
      dispatch({ type: "noted" });
    },
    effect,
    save,
    canChange,
  };
}

export interface PermissionsFormProps {
  object: ObjectRef;
  levels: readonly LevelInfo[];
  staged: StagedPermissions;
}

/** The dialog's content: who has what on the object, to be changed, and what saving would do. */
export function PermissionsForm({ object, levels, staged }: PermissionsFormProps) {
  const { state, canChange } = staged;
  const rows = rowsOf(state);
  const drift = driftOf(state.seen, state.base);
  const refused = isConflict(staged.save.error);
  return (
    <div className={styles.form}>
      {drift.length > 0 || refused ? (
        <Conflict object={object.object} drift={drift} wishes={state.wishes} refused={refused} onNoted={staged.noted} />
      ) : null}
      {canChange ? <AddPrincipals state={state} levels={levels} onAdd={staged.wish} /> : <ReadOnly />}
      <LevelTable levels={levels} />
      <Section title={`Given here (${rows.filter((r) => r.state !== "removed").length})`}>
        <DirectEntries rows={rows} levels={levels} canChange={canChange} onWish={staged.wish} onUndo={staged.undo} />
      </Section>
      <Section title={`Inherited (${state.base.inherited.length})`}>
        <InheritedEntries entries={state.base.inherited} apart={staged.staged > 0} />
      </Section>
      {staged.staged > 0 ? <SaveEffect object={object} staged={staged} /> : null}
      <CheckSomeone object={object} effect={staged.staged > 0 ? staged.effect.data : undefined} />
      {staged.save.error && !refused ? <Problem title="The permissions were not saved." error={staged.save.error} object={object.object} /> : null}
    </div>
  );
}

function ReadOnly() {
  return <Notice>You may look at these permissions, but not change them.</Notice>;
}

/** What saving would do, before it is done. */
function SaveEffect({ object, staged }: { object: ObjectRef; staged: StagedPermissions }) {
  const { effect, state } = staged;
  return (
    <section className={styles.effect} aria-label="Effect of saving" aria-busy={effect.data === undefined && effect.error === null}>
      <div className="spread">
        <h3>Effect of saving: {countsSentence(countsOf(state))}</h3>
        <Button size="s" onPress={staged.undoAll}>
          Undo all
        </Button>
      </div>
      {effect.error && !isConflict(effect.error) ? (
        <Problem title="The server would refuse this." error={effect.error} object={object.object} />
      ) : effect.data ? (
        <EffectSummary effect={effect.data} />
      ) : (
        <Skeleton lines={2} label="Working out the effect" />
      )}
    </section>
  );
}

/** How many have access; with something staged, what saving would do, as the summary may be out of sight. */
function footSentence({ effect, save, staged, state }: StagedPermissions): string {
  if (staged === 0) return effect.data ? `${plural(effect.data.before_people, "person has", "people have")} access` : "";
  if (save.error) return isConflict(save.error) ? "Not saved: somebody else changed these permissions." : "Not saved.";
  const counts = `${countsSentence(countsOf(state))}, not saved yet.`;
  return effect.data ? `${counts} ${effectSentence(effect.data)}` : counts;
}

export interface PermissionsFootProps {
  object: ObjectRef;
  staged: StagedPermissions;
  close: () => void;
}

/** How many have access, Cancel and Save. Saving away one's own Manage is asked about once more. */
export function PermissionsFoot({ object, staged, close }: PermissionsFootProps) {
  const [asks, setAsks] = useState(false);
  const [asking, setAsking] = useState(false);
  const { effect, save, state } = staged;
  const input = () => ({ request: requestOf(state), etag: state.base.etag });
  const press = () => {
    setAsking(true);
    // What cannot be previewed cannot be saved either: then saving says why.
    const loses = effect.now().then((known) => known.viewer_loses_manage === true, () => false);
    void loses.then((yes) => {
      setAsking(false);
      if (yes) setAsks(true);
      else save.mutate(input());
    });
  };
  return (
    <>
      <span className={styles.people}>{footSentence(staged)}</span>
      <Button onPress={close}>{staged.canChange ? "Cancel" : "Close"}</Button>
      {staged.canChange ? (
        <Button variant="primary" isPending={asking || save.isPending} isDisabled={staged.staged === 0} onPress={press}>
          Save changes
        </Button>
      ) : null}
      <AlertDialog
        isOpen={asks}
        onOpenChange={setAsks}
        title="Give up your right to change these permissions?"
        action="Save and give it up"
        // The form shows what goes wrong: a conflict is told beside the entries.
        onConfirm={() => save.mutateAsync(input()).catch(() => undefined)}
      >
        After this you cannot change the permissions of <bdi className="break">{objectTitle(object)}</bdi> any more. Somebody else who manages it, or
        an administrator, has to give it back to you.
      </AlertDialog>
    </>
  );
}
