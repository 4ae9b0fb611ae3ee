import { useQueryClient } from "@tanstack/react-query";
import { mlflow } from "../api/client";
import { useGet, useObject } from "../api/hooks";
import { renewObject } from "../api/live";
import type { Lineage, LineageNode, Run } from "./types";

/** How often a run that is running is read anew, in milliseconds; not while the window is out of sight. */
export const liveEvery = 3000;

export const isRunning = (run: Run | undefined): boolean => run?.info.status === "RUNNING" && run.info.lifecycle_stage === "active";

/** A run, with what the viewer may do with it, and what was made of it. A running one is followed. */
export function useRun(id: string) {
  const object = `runs/${id}`;
  const client = useQueryClient();
  const run = useRunData(id);
  const viewed = useObject(object);
  const lineage = useGet<Lineage>("/lineage", { kind: "run", id, direction: "down", depth: 2 }, { about: [object], enabled: run.data !== undefined });
  return { object, run, viewed, made: lineage.data?.nodes ?? [], renew: () => renewObject(client, object) };
}

function useRunData(id: string) {
  const path = `${mlflow}/runs/get`;
  const about = [`runs/${id}`];
  const once = useGet<{ run: Run }>(path, { run_id: id }, { about });
  // The same query, asked for again and again while the run is running.
  useGet<{ run: Run }>(path, { run_id: id }, { about, enabled: isRunning(once.data?.run), every: liveEvery });
  return { ...once, data: once.data?.run };
}

/** A registered version in a lineage. */
export interface MadeVersion {
  name: string;
  version: string;
  stage: string | undefined;
  state: string;
}

/** The registered versions of a lineage; a node's name is "model/3". */
export function versionsIn(nodes: readonly LineageNode[]): MadeVersion[] {
  return nodes
    .filter((node) => node.kind === "version" && node.name !== undefined)
    .map(({ name = "", stage, state }) => {
      const slash = name.lastIndexOf("/");
      return { name: name.slice(0, slash), version: name.slice(slash + 1), stage, state };
    });
}

/** The logged models of a lineage. */
export const modelsIn = (nodes: readonly LineageNode[]): LineageNode[] => nodes.filter((node) => node.kind === "logged-model");
