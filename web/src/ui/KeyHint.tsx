import styles from "./KeyHint.module.css";

const onMac = () => /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Keys to press: `keys="Mod K"` shows ⌘ K or Ctrl K, `keys="g h"` two keys after another. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <span className={styles.keys}>
      {keys.split(" ").map((key, i) => (
        <kbd key={i} className={styles.key}>
          {key === "Mod" ? (onMac() ? "⌘" : "Ctrl") : key}
        </kbd>
      ))}
    </span>
  );
}
