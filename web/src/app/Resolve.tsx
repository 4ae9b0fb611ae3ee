/** Addresses that name a thing by its id alone, and lead to its page. */
import { Navigate, useParams } from "react-router";
import { mlflow } from "../api/client";
import { useGet, useObject } from "../api/hooks";
import { Page, Problem, Spinner } from "../ui";

function Leading({ to, error, what }: { to: string | undefined; error: Error | null; what: string }) {
  if (to !== undefined) return <Navigate to={to} replace />;
  return <Page title={what}>{error ? <Problem error={error} /> : <Spinner />}</Page>;
}

/** /runs/:run, for which the experiment is asked. */
export function RunByID() {
  const { run = "" } = useParams();
  const found = useGet<{ run: { info: { experiment_id: string } } }>(`${mlflow}/runs/get`, { run_id: run });
  const experiment = found.data?.run.info.experiment_id;
  return <Leading what="Run" to={experiment && `/experiments/${experiment}/runs/${run}`} error={found.error} />;
}

/** /folders/:id, for which the path is asked. */
export function FolderByID() {
  const { id = "" } = useParams();
  const found = useObject(`directories/${id}`);
  const path = found.data?.path;
  return <Leading what="Folder" to={path && `/workspace?path=${encodeURIComponent(path)}`} error={found.error} />;
}
