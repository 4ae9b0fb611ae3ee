import { useRef, type ReactNode } from "react";
import { Problem, Skeleton } from "../ui";
import styles from "./Models.module.css";
import { Pager } from "./Pager";
import { usePages, useRequests, type Whose } from "./queries";
import { RequestCard } from "./RequestCard";
import type { TransitionRequest } from "./types";

export interface RequestListProps {
  whose: Whose;
  model: string;
  empty: ReactNode;
}

/** Pending requests of one model or of all, oldest first, page by page. */
export function RequestList({ whose, model, empty }: RequestListProps) {
  const pages = usePages(`${whose} ${model}`);
  const list = useRequests(whose, model, pages.token);
  if (list.error) return <Problem error={list.error} title="The requests could not be listed." onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={8} label="Loading the requests" />;
  const { requests, next_page_token } = list.data;
  return (
    <>
      {requests.length === 0 ? empty : <Cards requests={requests} />}
      <Pager pages={pages} size={25} shown={requests.length} next={next_page_token} what="requests" isLoading={list.isPlaceholderData} />
    </>
  );
}

export interface CardsProps {
  requests: readonly TransitionRequest[];
  brief?: boolean;
}

/** Requests below each other. A card that was decided on goes away, and the focus goes on to the list instead of nowhere. */
export function Cards({ requests, brief = false }: CardsProps) {
  const list = useRef<HTMLUListElement>(null);
  const gone = () => setTimeout(() => list.current?.focus(), 50);
  return (
    // A list that takes the focus only from here, when the button that had it is gone.
    <ul ref={list} className={styles.list} tabIndex={-1} aria-label="Pending transition requests">
      {requests.map((request) => (
        <li key={request.id}>
          <RequestCard request={request} gone={gone} brief={brief} />
        </li>
      ))}
    </ul>
  );
}
