/** What MLflow's REST API answers, as far as these screens use it. Fields that are unset are left out; metrics that are not a number are "NaN". */

export type WireNumber = number | "NaN";

export interface Pair {
  key: string;
  value: string;
}

export interface WireMetric {
  key: string;
  value: WireNumber;
  timestamp: number;
  step: number;
  dataset_name?: string;
  dataset_digest?: string;
  model_id?: string;
  run_id?: string;
}

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

export interface RunInfo {
  run_id: string;
  experiment_id: string;
  run_name?: string;
  user_id?: string;
  status: RunStatus;
  start_time?: number;
  end_time?: number;
  artifact_uri?: string;
  lifecycle_stage: "active" | "deleted";
}

export interface Dataset {
  name: string;
  digest: string;
  source_type?: string;
  source?: string;
  schema?: string;
  profile?: string;
}

export interface DatasetInput {
  tags?: Pair[];
  dataset: Dataset;
}

export interface Run {
  info: RunInfo;
  data: { metrics?: WireMetric[]; params?: Pair[]; tags?: Pair[] };
  inputs?: { dataset_inputs?: DatasetInput[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface RunsAnswer {
  runs?: Run[];
  next_page_token?: string;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  lifecycle_stage: "active" | "deleted";
  last_update_time?: number;
  creation_time?: number;
  tags?: Pair[];
}

export interface ExperimentsAnswer {
  experiments?: Experiment[];
  next_page_token?: string;
}

export interface LoggedModel {
  info: {
    model_id: string;
    experiment_id: string;
    name: string;
    creation_timestamp_ms?: number;
    last_updated_timestamp_ms?: number;
    artifact_uri?: string;
    status?: string;
    status_message?: string;
    model_type?: string;
    source_run_id?: string;
    tags?: Pair[];
    registrations?: { name: string; version: string }[];
  };
  data?: { params?: Pair[]; metrics?: WireMetric[] };
}

export interface LoggedModelsAnswer {
  models?: LoggedModel[];
  next_page_token?: string;
}

export interface HistoryAnswer {
  metrics?: WireMetric[];
  next_page_token?: string;
}

/** Who answers for an experiment, of /steward. */
export interface Steward {
  owner?: string;
  contact?: string;
  tier?: string;
  lifecycle?: string;
  /** Why nobody does. */
  unowned?: string;
}

export interface LineageNode {
  key: string;
  kind: string;
  id: string;
  name?: string;
  state: string;
  object?: string;
  stage?: string;
}

export interface Lineage {
  start: string[];
  nodes: LineageNode[];
  edges: { from: string; to: string; relation: string; at?: number }[];
  truncated: boolean;
  hidden: boolean;
}

/** The value of a tag or param, if it is there. */
export function valueOf(pairs: readonly Pair[] | undefined, key: string): string | undefined {
  return pairs?.find((pair) => pair.key === key)?.value;
}
