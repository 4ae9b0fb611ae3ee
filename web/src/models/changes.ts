/** What the models' screens change, by MLflow's and the workspace registry's own routes. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { del, mlflow, patch, post, put } from "../api/client";
import { modelPath } from "./paths";
import { renewLists, renewModel } from "./queries";
import type { RequestAction, RequiredCheck, RequiredTag, Stage, Tag, TransitionRequest, TwoPersons } from "./types";

/**
 * A change of a model: whatever depends on it is read anew afterwards, also when the change failed, as somebody else may have been first.
 * `mutateAsync(input)` is for dialogs, which wait for it. With `leaves`, the page of what was renamed or deleted is not asked for again.
 */
export function useModelChange<I, O>(name: string, act: (input: I) => Promise<O>, done?: (output: O, input: I) => void, leaves = false) {
  const client = useQueryClient();
  return useMutation<O, Error, I>({
    mutationFn: act,
    onSuccess: (output, input) => done?.(output, input),
    onSettled: (_, error) => (leaves && !error ? renewLists(client) : renewModel(client, name)),
  });
}

export interface NewModel {
  name: string;
  description: string;
  tags: Tag[];
}

export const createModel = (model: NewModel) => post(`${mlflow}/registered-models/create`, model);

export const renameModel = (name: string, next: string) => post(`${mlflow}/registered-models/rename`, { name, new_name: next });

export const deleteModel = (name: string) => del(`${mlflow}/registered-models/delete`, { name });

export const deleteVersion = (name: string, version: string) => del(`${mlflow}/model-versions/delete`, { name, version });

/** What a description or tags belong to: a model, or one of its versions. */
export interface Place {
  name: string;
  version?: string | undefined;
}

const routeOf = (place: Place) => `${mlflow}/${place.version === undefined ? "registered-models" : "model-versions"}`;

export const describe = (place: Place, description: string) => patch(`${routeOf(place)}/update`, { ...place, description });

/** Sets and deletes tags one after the other: the routes take one each. */
export async function changeTags(place: Place, set: readonly Tag[], removed: readonly string[]) {
  for (const tag of set) await post(`${routeOf(place)}/set-tag`, { ...place, ...tag });
  for (const key of removed) await del(`${routeOf(place)}/delete-tag`, { ...place, key });
}

export const setAlias = (name: string, alias: string, version: string) => post(`${mlflow}/registered-models/alias`, { name, alias, version });

export const deleteAlias = (name: string, alias: string) => del(`${mlflow}/registered-models/alias`, { name, alias });

export interface StageChange {
  name: string;
  version: string;
  stage: Stage;
  archive: boolean;
  comment: string;
}

export const moveVersion = ({ archive, ...rest }: StageChange) =>
  post(`${mlflow}/databricks/model-versions/transition-stage`, { ...rest, archive_existing_versions: archive });

export const askTransition = ({ name, version, stage, comment }: StageChange) =>
  post(`${mlflow}/transition-requests/create`, { name, version, stage, comment });

/** Approves, rejects or cancels a request. An approval answers all requests for the stage. */
export function decide(request: TransitionRequest, action: RequestAction, comment: string, archive: boolean) {
  const about = { name: request.model, version: request.version, stage: request.to, comment };
  if (action === "APPROVE") return post(`${mlflow}/transition-requests/approve`, { ...about, archive_existing_versions: archive });
  if (action === "REJECT") return post(`${mlflow}/transition-requests/reject`, about);
  return del(`${mlflow}/transition-requests/delete`, undefined, { params: { ...about, creator: request.creator } });
}

export const writeComment = (name: string, version: string, comment: string) => post(`${mlflow}/comments/create`, { name, version, comment });

export const editComment = (id: string, comment: string) => patch(`${mlflow}/comments/update`, { id, comment });

export const deleteComment = (id: string) => del(`${mlflow}/comments/delete`, undefined, { params: { id } });

export interface StewardChange {
  owner?: string;
  contact?: string;
  tier?: string;
  lifecycle?: string;
}

export const changeSteward = (object: string, change: StewardChange) => patch("/steward", change, { params: { object } });

export const setTwoPersons = (name: string, choice: TwoPersons["two_persons"]) => put(`${modelPath(name)}/two-persons`, { two_persons: choice });

export const setRequiredChecks = (name: string, list: RequiredCheck[]) => put(`${modelPath(name)}/required-checks`, { required_checks: list });

export const setRequiredTags = (list: Pick<RequiredTag, "key" | "allowed">[]) =>
  put("/required-tags", { required_tags: list }, { params: { object: "registered-models/root" } });

export interface NewWebhook {
  model_name: string;
  events: string[];
  description: string;
  http_url_spec: { url: string; secret?: string };
}

export const createWebhook = (hook: NewWebhook) => post(`${mlflow}/registry-webhooks/create`, hook);

export const switchWebhook = (id: string, status: "ACTIVE" | "DISABLED") => patch(`${mlflow}/registry-webhooks/update`, { id, status });

export const deleteWebhook = (id: string) => del(`${mlflow}/registry-webhooks/delete`, undefined, { params: { id } });

export interface WebhookTest {
  status_code?: number;
  body?: string;
}

export const testWebhook = (id: string) => post<WebhookTest>(`${mlflow}/registry-webhooks/test`, { id });
