import { useEffect, useRef } from "react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button, countText } from "../ui";
import styles from "./Models.module.css";
import type { Pages } from "./queries";

export interface PagerProps {
  pages: Pages;
  /** Rows of a full page, to number them. */
  size: number;
  shown: number;
  next: string | undefined;
  /** What is listed: "models". */
  what: string;
  isLoading?: boolean;
}

/** The way through a long list, page by page; nothing where one page holds all. */
export function Pager({ pages, size, shown, next, what, isLoading = false }: PagerProps) {
  const nav = useRef<HTMLElement>(null);
  const before = useRef(pages.at);
  useEffect(() => {
    // The buttons stand below the rows: another page begins at its first row.
    if (before.current !== pages.at) nav.current?.previousElementSibling?.scrollIntoView({ block: "start" });
    before.current = pages.at;
  }, [pages.at]);
  if (pages.at === 0 && next === undefined) return null;
  const first = pages.at * size + 1;
  return (
    <nav ref={nav} className={styles.pager} aria-label={`Pages of ${what}`}>
      <span className="faint small" role="status">
        {shown === 0 ? `No ${what} on this page` : `${countText(first)} to ${countText(first + shown - 1)}`}
        {next === undefined ? "" : ", and more"}
      </span>
      <span className="row">
        <Button size="s" icon={<ChevronLeft aria-hidden="true" />} onPress={pages.back} isDisabled={pages.at === 0}>
          Previous
        </Button>
        <Button
          size="s"
          icon={<ChevronRight aria-hidden="true" />}
          onPress={() => next !== undefined && pages.next(next)}
          isDisabled={next === undefined}
          isPending={isLoading}
        >
          Next
        </Button>
      </span>
    </nav>
  );
}
