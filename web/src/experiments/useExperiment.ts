import { useQueryClient } from "@tanstack/react-query";
import { mlflow } from "../api/client";
import { useGet, useObject } from "../api/hooks";
import { renewObject, useLive } from "../api/live";
import type { Experiment, Steward } from "./types";

/** An experiment's text in the governance API. */
export const experimentObject = (id: string) => `experiments/${id}`;

/** An experiment with what the viewer may do with it, with the folder it lies in, and who answers for it; renewed when it changes. */
export function useExperiment(id: string) {
  const object = experimentObject(id);
  useLive(object);
  const client = useQueryClient();
  const viewed = useObject(object);
  const sees = viewed.data?.abilities.some((ability) => ability === "view-runs" || ability === "view-trashed") ?? false;
  const experiment = useGet<{ experiment: Experiment }>(`${mlflow}/experiments/get`, { experiment_id: id }, { about: [object], enabled: viewed.data !== undefined });
  const steward = useGet<Steward>("/steward", { object }, { about: [object], enabled: sees });
  const folder = useObject(viewed.data?.chain.find((ref) => ref.kind === "directory")?.object);
  return {
    object,
    viewed,
    experiment,
    steward: steward.data,
    /** Renaming and trashing an experiment are decided on its folder. */
    folder: folder.data,
    sees,
    renew: () => renewObject(client, object),
  };
}
