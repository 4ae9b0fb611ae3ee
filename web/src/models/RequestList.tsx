import { useRef, useState, type ReactNode } from "react";
import { Problem, Skeleton } from "../ui";
import { DecisionDialog } from "./DecisionDialog";
import styles from "./Models.module.css";
import { Pager } from "./Pager";
import { usePages, useRequests, type Whose } from "./queries";
import { RequestCard } from "./RequestCard";
import type { RequestAction, TransitionRequest } from "./types";

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
      <Cards requests={requests} empty={empty} />
      <Pager pages={pages} size={25} shown={requests.length} next={next_page_token} what="requests" isLoading={list.isPlaceholderData} />
    </>
  );
}

export interface CardsProps {
  requests: readonly TransitionRequest[];
  empty: ReactNode;
  brief?: boolean;
}

interface Deciding {
  request: TransitionRequest;
  action: RequestAction;
}

/**
 * Requests below each other. A card that was decided on goes away, and the focus goes on to the list instead of nowhere. The dialog belongs to the
 * list, so that it stays, and says what happened, when somebody else decides while it is open.
 */
export function Cards({ requests, empty, brief = false }: CardsProps) {
  const place = useRef<HTMLDivElement>(null);
  const [deciding, setDeciding] = useState<Deciding>();
  const done = () => setTimeout(() => place.current?.focus(), 50);
  return (
    <div ref={place} className={styles.place} role="group" tabIndex={-1} aria-label="Pending transition requests">
      {requests.length === 0 ? (
        empty
      ) : (
        <ul className={styles.list}>
          {requests.map((request) => (
            <li key={request.id}>
              <RequestCard request={request} brief={brief} onDecide={(action) => setDeciding({ request, action })} />
            </li>
          ))}
        </ul>
      )}
      {deciding ? (
        <DecisionDialog
          request={deciding.request}
          action={deciding.action}
          isGone={!requests.some((r) => r.id === deciding.request.id)}
          close={() => setDeciding(undefined)}
          done={done}
        />
      ) : null}
    </div>
  );
}
