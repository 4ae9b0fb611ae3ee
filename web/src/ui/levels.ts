/** The words for levels, as people know them; the API's names stay in the title. */
const words: Record<string, string> = {
  CAN_READ: "Can read",
  CAN_VIEW: "Can view",
  CAN_QUERY: "Can query",
  CAN_RUN: "Can run",
  CAN_EDIT: "Can edit",
  CAN_USE: "Can use",
  CAN_ATTACH_TO: "Can attach",
  CAN_RESTART: "Can restart",
  CAN_MANAGE_RUN: "Can manage run",
  CAN_MANAGE_STAGING_VERSIONS: "Can manage staging versions",
  CAN_MANAGE_PRODUCTION_VERSIONS: "Can manage production versions",
  CAN_MANAGE: "Can manage",
  IS_OWNER: "Is owner",
  READ: "Read",
  WRITE: "Write",
  MANAGE: "Manage",
};

/** "CAN_MANAGE" → "Can manage"; "" → "No access"; what is unknown is made readable. */
export function levelWords(level: string | undefined): string {
  if (level === undefined || level === "") return "No access";
  const known = words[level];
  if (known !== undefined) return known;
  const text = level.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const kinds: Record<string, string> = {
  directory: "folder",
  notebook: "notebook",
  file: "file",
  experiment: "experiment",
  mlflowExperiment: "experiment",
  "registered-model": "registered model",
  "registered-models": "registered model",
  run: "run",
  "logged-model": "logged model",
  "model-version": "model version",
  "serving-endpoint": "serving endpoint",
  "service-principal": "service principal",
  service_principal: "service principal",
};

/** "registered-model" → "registered model"; what is unknown stays. */
export function kindWords(kind: string): string {
  return kinds[kind] ?? kind.replaceAll("-", " ").replaceAll("_", " ");
}
