import { Link, plural, sizeText, Time } from "../ui";
import { Digest } from "./Digest";
import styles from "./Models.module.css";
import { loggedModelPage, runPage } from "./paths";
import type { ModelVersion } from "./types";

/** What a version is: its bytes, where they came from, and since when. */
export function VersionFacts({ version }: { version: ModelVersion }) {
  return (
    <section className={styles.panel} aria-label="Facts">
      <dl className="facts">
        <dt>Digest</dt>
        <dd>
          <Digest digest={version.digest} none={version.status === "PENDING_REGISTRATION" ? "when it is ready" : "none: there are no files"} />
        </dd>
        <dt>Size</dt>
        <dd>
          {sizeText(version.size)} in {plural(version.files, "file")}
        </dd>
        <Source version={version} />
        <dt>Registered</dt>
        <dd>
          <Time at={version.creation_timestamp} />
          {version.user_id ? ` by ${version.user_id}` : ""}
        </dd>
        <dt>Modified</dt>
        <dd>
          <Time at={version.last_updated_timestamp} />
        </dd>
        {version.source ? (
          <>
            <dt>Source</dt>
            <dd>
              <code className="small">{version.source}</code>
            </dd>
          </>
        ) : null}
      </dl>
    </section>
  );
}

function Source({ version: { source_link: link, run_id } }: { version: ModelVersion }) {
  if (!link) {
    return run_id ? (
      <>
        <dt>Run</dt>
        <dd className="faint">one that you may not see</dd>
      </>
    ) : null;
  }
  return (
    <>
      {link.run_id ? (
        <>
          <dt>Run</dt>
          <dd>
            <Link to={runPage(link.experiment_id, link.run_id)}>{link.run_id.slice(0, 12)}</Link>
          </dd>
        </>
      ) : null}
      {link.model_id ? (
        <>
          <dt>Logged model</dt>
          <dd>
            <Link to={loggedModelPage(link.experiment_id, link.model_id)}>{link.model_id.slice(0, 14)}</Link>
          </dd>
        </>
      ) : null}
      <dt>Experiment</dt>
      <dd>
        <Link to={`/experiments/${encodeURIComponent(link.experiment_id)}`}>{link.experiment_id}</Link>
      </dd>
    </>
  );
}
