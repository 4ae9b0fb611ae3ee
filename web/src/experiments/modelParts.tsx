import { Badge, Link } from "../ui";
import { valueOf, type LoggedModel } from "./types";

/** Whether a logged model is ready. */
export function ModelStatus({ status = "" }: { status?: string | undefined }) {
  const word = status.replace("LOGGED_MODEL_", "");
  if (word === "READY") return <Badge tone="good">Ready</Badge>;
  if (word === "UPLOAD_FAILED") return <Badge tone="bad">Upload failed</Badge>;
  return <Badge tone="warn">{word === "PENDING" ? "Pending" : word === "" ? "Unknown" : word}</Badge>;
}

export interface Registration {
  name: string;
  version: string;
}

/** The versions that a logged model was registered as: its registrations, or the tag that MLflow's client keeps. */
export function registrationsOf({ info }: LoggedModel): Registration[] {
  if (info.registrations && info.registrations.length > 0) return info.registrations;
  try {
    const list: unknown = JSON.parse(valueOf(info.tags, "mlflow.modelVersions") ?? "[]");
    return Array.isArray(list) ? list.filter(isRegistration).map(({ name, version }) => ({ name, version: String(version) })) : [];
  } catch {
    return [];
  }
}

function isRegistration(value: unknown): value is { name: string; version: string | number } {
  return typeof value === "object" && value !== null && "name" in value && "version" in value && typeof value.name === "string";
}

/** Links to registered versions. */
export function Registrations({ list }: { list: readonly Registration[] }) {
  if (list.length === 0) return <span className="faint">not registered</span>;
  return (
    <span className="row">
      {list.map(({ name, version }) => (
        <Link key={`${name}/${version}`} to={`/models/${encodeURIComponent(name)}/versions/${version}`}>
          {name} {version}
        </Link>
      ))}
    </span>
  );
}
