/** Shapes that several screens share, as the contract of the endpoints has them. What one endpoint answers stands in schema.d.ts. */

/** A governed object as sentences name it. `object` is its text, e.g. "experiments/123"; `path` only of what lies in the tree. */
export interface ObjectRef {
  object: string;
  kind: string;
  name: string;
  path?: string;
}

/** A level as the API writes it: CAN_READ, CAN_MANAGE_STAGING_VERSIONS, …; "" where the viewer has none. */
export type Level = string;

/** A governed object with what the viewer may do with it: `abilities` holds names as in docs/abilities.md. */
export interface Viewed extends ObjectRef {
  id: string;
  level: Level;
  abilities: string[];
  created_at?: number;
  modified_at?: number;
  creator?: string;
  language?: string;
  size?: number;
  trashed?: boolean;
}

export interface ObjectAnswer extends Viewed {
  /** From the object to the root, as far as the viewer may know it. */
  chain: ObjectRef[];
  administrator: boolean;
  managers?: number;
}

export interface PrincipalRef {
  id: string;
  name: string;
  kind: string;
}

/** Who is signed in, and for how long. Times are milliseconds since 1970. */
export interface Session {
  user: PrincipalRef & { display_name?: string };
  groups: string[];
  administrator: boolean;
  auditor: boolean;
  csrf: string;
  session: string;
  expires_at: number;
  host: string;
  version: string;
  mlflow_version: string;
  mlflow_ui: boolean;
  access_control: boolean;
  abilities: string[];
  /** What the viewer may make, and on which objects: in the registry, in the home folder, in Shared, in the root. */
  creates: readonly (ObjectRef & { ability: string })[];
}

/** What a refusal tells besides its message. */
export interface Refusal {
  ability: string;
  title: string;
  level_needed?: Level;
  level?: Level;
  rule?: string;
  object?: number | string;
  kind?: string;
  givers?: { principal: number | string; name: string; group?: boolean }[];
  ask?: string;
  message?: string;
}
