import { Settings } from "lucide-react";
import { useNavigate, useParams } from "react-router";
import { Page as Screen, Tabs } from "../ui";
import { AccessControl } from "./AccessControl";
import { Backups } from "./Backups";
import { Credentials } from "./Credentials";
import { Groups } from "./Groups";
import { MlflowPages } from "./MlflowPages";
import { ServicePrincipals } from "./ServicePrincipals";
import { Users } from "./Users";
import { Webhooks } from "./Webhooks";

const sections = [
  { id: "access-control", title: "Access control", content: <AccessControl /> },
  { id: "users", title: "Users", content: <Users /> },
  { id: "groups", title: "Groups", content: <Groups /> },
  { id: "service-principals", title: "Service principals", content: <ServicePrincipals /> },
  { id: "credentials", title: "Credentials", content: <Credentials /> },
  { id: "webhooks", title: "Webhooks", content: <Webhooks /> },
  { id: "backups", title: "Backups", content: <Backups /> },
  { id: "mlflow-ui", title: "MLflow UI", content: <MlflowPages /> },
];

/** Settings of the workspace, a section an address. */
export function Page() {
  const { section } = useParams();
  const navigate = useNavigate();
  const selected = sections.some((s) => s.id === section) ? (section ?? "") : "access-control";
  return (
    <Screen title="Settings" icon={<Settings aria-hidden="true" />}>
      <Tabs label="Settings" tabs={sections} selected={selected} onSelect={(id) => void navigate(`/settings/${id}`)} />
    </Screen>
  );
}
