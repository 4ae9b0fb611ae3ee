/** What the server says of registered models, in the governance endpoints' own words (api/governance: models, model_version, requests, activities). */
import type { Viewed } from "../api/types";

/** The stages of MLflow and of the workspace registry, in their order. */
export const stages = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof stages)[number];

export interface Tag {
  key: string;
  value: string;
}

export interface Alias {
  alias: string;
  version: string;
}

/** Something that the viewer may not do, with the reason in a sentence and the ability that it takes. */
export interface AbsentAction {
  action: string;
  reason: string;
  ability: string;
}

export interface ModelRow extends Viewed {
  description?: string;
  /** Who answers for the model; empty when nobody does. */
  owner: string;
  /** Why nobody answers for it: no-owner, owner-removed, owner-inactive, owner-empty; empty where somebody does. */
  unowned: string;
  /** The newest version of each stage that has one. */
  latest: Partial<Record<Stage, string>>;
  aliases: Alias[];
  versions: number;
  /** Transition requests that are pending. */
  requests: number;
  /** One of MLflow's prompts. */
  prompt: boolean;
}

export interface ModelsAnswer {
  models: ModelRow[];
  next_page_token?: string;
}

export interface Steward {
  object: string;
  owner: string;
  owner_id?: string;
  owner_kind?: string;
  contact?: string;
  tier?: string;
  lifecycle?: string;
  unowned?: string;
}

export interface Model extends ModelRow {
  tags: Tag[];
  steward: Steward;
  two_persons: boolean;
  absent: AbsentAction[];
}

export type CheckState = "pending" | "success" | "failure" | "error";

export interface Check {
  name: string;
  state: CheckState;
  url?: string;
  digest: string;
  /** The digest is the version's as it is now. */
  current: boolean;
  user_id?: string;
  timestamp: number;
}

export type RequestAction = "APPROVE" | "REJECT" | "CANCEL";

export interface TransitionRequest {
  id: string;
  model: string;
  model_object: string;
  version: string;
  from: Stage;
  to: Stage;
  creator: string;
  own: boolean;
  created_at: number;
  comment: string;
  /** What was asked for, and what the version is now. */
  digest: string;
  digest_now: string;
  /** The version, or what checks said of it, has changed since, so that the request cannot be approved any more. */
  stale: boolean;
  stale_reason?: string;
  two_persons: boolean;
  checks: Check[];
  /** What keeps the version out of the stage. */
  unmet: string[];
  actions: RequestAction[];
  absent: AbsentAction[];
  /** The viewer's level and abilities on the model. */
  level: string;
  abilities: string[];
}

export interface RequestsAnswer {
  requests: TransitionRequest[];
  next_page_token?: string;
}

/** A line of a version's menu of stages. */
export interface StageAction {
  stage: Stage;
  current: boolean;
  /** The viewer may move the version there himself. */
  transition: boolean;
  /** The viewer may ask for it. */
  request: boolean;
  reason?: string;
  request_reason?: string;
  ability: string;
}

export interface SourceLink {
  run_id?: string;
  experiment_id: string;
  model_id?: string;
}

export type VersionStatus = "PENDING_REGISTRATION" | "FAILED_REGISTRATION" | "READY" | "MODEL_VERSION_STATUS_UNKNOWN";

/** A version in a list. */
export interface VersionRow {
  name: string;
  version: string;
  model_object: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  user_id?: string;
  current_stage: Stage;
  description: string;
  run_id: string;
  model_id?: string;
  status: VersionStatus;
  status_message?: string;
  aliases: string[];
  /** Absent while the version is pending, and of prompts. */
  digest?: string;
  size: number;
  files: number;
  checks: Check[];
  /** What is missing before the version may come into each stage that requires something. */
  unmet: Partial<Record<Stage, string[]>>;
  two_persons: boolean;
  /** Transition requests that are pending. */
  pending: number;
  actions: StageAction[];
  source_link?: SourceLink;
  /** The viewer's level and abilities on the model. */
  level: string;
  abilities: string[];
  absent: AbsentAction[];
}

export interface VersionsAnswer {
  versions: VersionRow[];
  next_page_token?: string;
}

/** A version as its own page shows it. */
export interface ModelVersion extends VersionRow {
  source: string;
  run_link: string;
  tags: Tag[];
  requests: TransitionRequest[];
}

export type ActivityType =
  | "APPLIED_TRANSITION"
  | "REQUESTED_TRANSITION"
  | "CANCELLED_REQUEST"
  | "APPROVED_REQUEST"
  | "REJECTED_REQUEST"
  | "SYSTEM_TRANSITION"
  | "NEW_COMMENT";

export interface Activity {
  id: string;
  activity_type: ActivityType;
  user_id: string;
  comment?: string;
  system_comment?: string;
  from_stage?: Stage;
  to_stage?: Stage;
  creation_timestamp: number;
  last_updated_timestamp: number;
  /** EDIT_COMMENT and DELETE_COMMENT of comments; of pending requests what the viewer may decide. */
  available_actions?: string[];
}

export interface ActivitiesAnswer {
  activities: Activity[];
  next_page_token?: string;
}

export interface ManifestFile {
  path: string;
  sha256: string;
  size: number;
}

export interface Manifest {
  status: VersionStatus;
  digest: string;
  size: number;
  files: ManifestFile[];
}

export interface RequiredTag {
  key: string;
  /** The values that it may have; none means any that is not empty. */
  allowed?: string[];
  asked_by?: string;
}

export interface RequiredCheck {
  stage: Stage;
  name: string;
}

export interface TwoPersons {
  two_persons: "inherit" | "yes";
  in_force: boolean;
}

export interface LineageNode {
  key: string;
  kind: string;
  id: string;
  name?: string;
  state: "active" | "deleted" | "purged" | "claimed";
  object?: string;
  stage?: string;
  digest?: string;
}

/** What `from` names came from what `to` names. */
export interface LineageEdge {
  from: string;
  to: string;
  relation: string;
  at?: number;
  detail?: Record<string, string>;
}

export interface Lineage {
  start: string[];
  nodes: LineageNode[];
  edges: LineageEdge[];
  truncated: boolean;
  hidden: boolean;
}

export interface RegistryWebhook {
  id: string;
  events: string[];
  creation_timestamp?: number;
  description?: string;
  status?: "ACTIVE" | "DISABLED" | "TEST_MODE";
  http_url_spec?: { url?: string; enable_ssl_verification?: boolean };
  job_spec?: { job_id?: string; workspace_url?: string };
  model_name?: string;
}
