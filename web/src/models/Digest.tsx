import { Copy } from "../ui";
import { shortDigest } from "./actions";
import styles from "./Models.module.css";

/** The first digits of a digest, with the whole of it to copy. */
export function Digest({ digest, none = "none" }: { digest: string | undefined; none?: string }) {
  if (!digest) return <span className="faint">{none}</span>;
  return (
    <span className={styles.digest}>
      <code title={digest}>{shortDigest(digest)}</code>
      <Copy text={digest} what={`digest ${shortDigest(digest)}`} />
    </span>
  );
}
