import { useState } from "react";
import { FileUp } from "lucide-react";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { del, put } from "../api/client";
import { useChange, useGet } from "../api/hooks";
import { AlertDialog, Allowed, Badge, Button, Code, countText, Empty, notify, Problem, Section, sizeText, Skeleton } from "../ui";
import styles from "./Settings.module.css";
import { useWorkspace } from "./workspace";

interface Served {
  /** "setting" for what the server's configuration names, "upload" for what was sent here, "none". */
  source: "setting" | "upload" | "none";
  version?: string;
  files: number;
  size: number;
  digest?: string;
}

const path = "/mlflow-ui";

/** MLflow's own pages: which are served, a wheel to send, and their end. */
export function MlflowPages() {
  const workspace = useWorkspace();
  const served = useGet<Served>(path);
  const [removing, setRemoving] = useState(false);
  const send = useChange((wheel: File) => put<Served>(path, wheel), [path], (now) => {
    notify(`MLflow’s pages ${now.version ?? ""} are served now.`);
  });
  const remove = useChange(() => del(path), [path]);
  if (served.error) return <Problem error={served.error} onRetry={() => void served.refetch()} />;
  if (!served.data) return <Skeleton lines={4} />;
  const { source } = served.data;
  return (
    <Section
      title="MLflow’s own pages"
      about="Served unmodified under /mlflow/, signed in by this console, under the same decisions as every client."
      actions={source === "setting" ? undefined : (
        <Allowed ability="manage-settings" on={workspace}>
          <FileTrigger
            acceptedFileTypes={[".whl"]}
            onSelect={(files) => {
              const wheel = files?.[0];
              if (wheel) send.mutate(wheel);
            }}
          >
            <Button variant="primary" icon={<FileUp aria-hidden="true" />} isPending={send.isPending}>
              Send a wheel
            </Button>
          </FileTrigger>
        </Allowed>
      )}
    >
      {send.error ? <Problem error={send.error} /> : null}
      {source === "none" ? (
        <Empty title="No pages yet" level={3}>
          Get MLflow’s wheel, then send it. Only its pages are read; nothing in it is run.
          <Code text="pip download --no-deps mlflow==3.17.2" what="how to get the wheel" language="bash" wrap />
        </Empty>
      ) : (
        <About served={served.data} />
      )}
      {source === "upload" ? (
        <Allowed ability="manage-settings" on={workspace}>
          <Button
            variant="danger"
            onPress={() => {
              setRemoving(true);
            }}
          >
            Serve none
          </Button>
        </Allowed>
      ) : null}
      <AlertDialog isOpen={removing} onOpenChange={setRemoving} title="Serve none of MLflow’s pages?" action="Serve none" onConfirm={() => remove.mutateAsync(undefined)}>
        Links to /mlflow/ then say that there are none. What was logged stays, and clients go on.
      </AlertDialog>
    </Section>
  );
}

function About({ served }: { served: Served }) {
  return (
    <ul className={styles.notes}>
      <li>
        Version <strong>{served.version ?? "not told"}</strong>, {countText(served.files)} files, {sizeText(served.size)}{" "}
        <Badge>{served.source === "setting" ? "named by the server’s setting mlflow-ui" : "sent by an administrator"}</Badge>
      </li>
      {served.digest ? <li>SHA-256 of the wheel <code className="break">{served.digest}</code></li> : null}
      {served.source === "setting" ? <li>What the setting names goes before what is sent: take it out of the configuration to send a wheel here.</li> : null}
      <li>
        <a href="/mlflow/">Open MLflow’s pages</a>
      </li>
    </ul>
  );
}
