import { lazy, Suspense } from "react";
import { useSearchParams } from "react-router";
import { Notice, Skeleton } from "../ui";
import type { ModelVersion } from "./types";

const ArtifactBrowser = lazy(() => import("../artifacts/ArtifactBrowser").then((m) => ({ default: m.ArtifactBrowser })));

/** A version's files. The chosen one is kept in the address. */
export function FilesTab({ version }: { version: ModelVersion }) {
  const [params, setParams] = useSearchParams();
  if (version.status !== "READY") return <Notice>The files are shown when the version is ready.</Notice>;
  const choose = (path: string) =>
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        next.set("path", path);
        return next;
      },
      { replace: true },
    );
  return (
    <>
      <h2 className="visually-hidden">Files</h2>
      <Suspense fallback={<Skeleton lines={6} label="Loading the files" />}>
        <ArtifactBrowser source={{ kind: "version", name: version.name, version: version.version }} path={params.get("path") ?? undefined} onPath={choose} />
      </Suspense>
    </>
  );
}
