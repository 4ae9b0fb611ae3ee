import { useQuery } from "@tanstack/react-query";
import { Copy } from "./Copy";
import styles from "./Code.module.css";
import { classes } from "./classes";

export interface CodeProps {
  text: string;
  /** What the text is, for the copy button and screen readers: "token command". */
  what: string;
  /** python, sql, scala, r, json, yaml or bash: coloured once the colours have loaded. */
  language?: string | undefined;
  wrap?: boolean;
  /** Scrolls inside above this height, e.g. "40vh". */
  maxHeight?: string;
  noCopy?: boolean;
}

/** A block of code with a copy button. */
export function Code({ text, what, language, wrap = false, maxHeight, noCopy = false }: CodeProps) {
  const html = useHighlight(text, language);
  const style = maxHeight ? { maxHeight } : undefined;
  const look = classes(styles.pre, wrap && styles.wrap);
  // A scrolling block must be reachable by keyboard (WCAG 2.1.1).
  const reach = { tabIndex: 0, role: "region", "aria-label": what } as const;
  return (
    <div className={styles.block}>
      {html === undefined ? (
        <pre className={look} style={style} {...reach}>
          <code>{text}</code>
        </pre>
      ) : (
        <pre className={look} style={style} {...reach}>
          <code dangerouslySetInnerHTML={{ __html: html }} />
        </pre>
      )}
      {noCopy ? null : (
        <div className={styles.copy}>
          <Copy text={text} what={what} />
        </div>
      )}
    </div>
  );
}

/** The coloured HTML of a text; undefined until it is there, for unknown languages and for texts above 200 kB. highlight.js escapes the text. */
export function useHighlight(text: string, language: string | undefined): string | undefined {
  const query = useQuery({
    queryKey: ["highlight", language, text],
    queryFn: async () => (await import("./highlight")).highlight(text, language ?? "") ?? null,
    enabled: language !== undefined && text.length < 200_000,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return query.data ?? undefined;
}
