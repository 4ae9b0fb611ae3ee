import { databricks, get, patch } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import { useViewer } from "../app/session";

/** The workspace as the object that its settings and identities belong to. */
export function useWorkspace() {
  return { object: "workspace", abilities: useViewer().abilities };
}

/** What can be set, as PATCH /workspace-conf takes it: texts, "true" and "false" among them. */
export interface Conf {
  enableWorkspaceAcls: string | null;
  enforceWorkspaceViewAcls: string | null;
  requireTwoPersonsForProduction: string | null;
  maxTokenLifetimeDays: string | null;
}

const conf = `${databricks}/workspace-conf`;
const keys = "enableWorkspaceAcls,enforceWorkspaceViewAcls,requireTwoPersonsForProduction,maxTokenLifetimeDays";

export const useConf = () => useGet<Conf>(conf, { keys });

/** Sets some of it; the session is read anew too, which tells whether access control is on. */
export const useSetConf = (done?: () => void) => useChange((values: Partial<Conf>) => patch(conf, values), [conf, "/session"], done);

/** Reads a user, group or service principal from the directory. */
export const scim = `${databricks}/preview/scim/v2`;

export const isOn = (value: string | null | undefined) => value?.toLowerCase() === "true";

export const readScim = <T>(kind: string, id: string) => get<T>(`${scim}/${kind}/${encodeURIComponent(id)}`);
