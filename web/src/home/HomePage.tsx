import { lazy, Suspense, type ReactNode } from "react";
import { ArrowRight, GitPullRequestArrow, KeyRound, Rocket, UserRoundX } from "lucide-react";
import { useGet } from "../api/hooks";
import type { Viewed } from "../api/types";
import { ButtonLink, KindIcon, LevelBadge, Link, Page as Screen, Problem, Section, Skeleton, Table, Time, kindWords, placeOf, plural, type Column } from "../ui";
import styles from "./Home.module.css";

export interface Home {
  recent: Viewed[];
  requests: number;
  my_requests: number;
  tokens_expiring: { id: string; comment: string; expires_at: number }[];
  unowned: number;
  first_steps: boolean;
}

const FirstSteps = lazy(() => import("./FirstSteps").then((m) => ({ default: m.FirstSteps })));

/** What waits for the viewer, and what he worked on last. */
export function Page() {
  const home = useGet<Home>("/home");
  return (
    <Screen title="Home">
      {home.error ? <Problem error={home.error} onRetry={() => void home.refetch()} /> : null}
      {home.isPending ? <Skeleton /> : null}
      {home.data?.first_steps ? (
        <Suspense fallback={<Skeleton />}>
          <FirstSteps />
        </Suspense>
      ) : null}
      {home.data ? <Waiting home={home.data} /> : null}
      {home.data && !home.data.first_steps ? <Recent items={home.data.recent} /> : null}
    </Screen>
  );
}

function Waiting({ home }: { home: Home }) {
  const [first] = home.tokens_expiring;
  return (
    <Section title="Waiting for you">
      <ul role="list" className={styles.cards}>
        <Card to="/requests?whose=decidable" icon={<GitPullRequestArrow aria-hidden="true" />} count={home.requests} title="To decide">
          {home.requests === 0 ? "No transition request waits for your decision." : `${plural(home.requests, "transition request")} you can approve or reject.`}
        </Card>
        <Card to="/requests?whose=mine" icon={<Rocket aria-hidden="true" />} count={home.my_requests} title="My requests">
          {home.my_requests === 0 ? "You asked for no transition that is still open." : "Waiting for somebody else's decision."}
        </Card>
        <Card to="/account" icon={<KeyRound aria-hidden="true" />} count={home.tokens_expiring.length} title="Tokens that expire soon">
          {first ? (
            <>
              {first.comment === "" ? "The first" : first.comment} ends <Time at={first.expires_at} />.
            </>
          ) : (
            "None within 14 days."
          )}
        </Card>
        <Card to="/workspace" icon={<UserRoundX aria-hidden="true" />} count={home.unowned} title="Without an owner">
          {home.unowned === 0 ? "All that you manage has an owner." : "Things you manage that nobody answers for."}
        </Card>
      </ul>
    </Section>
  );
}

interface CardProps {
  to: string;
  icon: ReactNode;
  count: number;
  title: string;
  children: ReactNode;
}

function Card({ to, icon, count, title, children }: CardProps) {
  return (
    <li className={styles.card} data-quiet={count === 0}>
      <div className={styles.cardHead}>
        {icon}
        <h3>
          <Link to={to} className={styles.cover}>
            {title}
          </Link>
        </h3>
        <span className={styles.count}>{count}</span>
      </div>
      <p className="small muted">{children}</p>
    </li>
  );
}

const columns: Column<Viewed>[] = [
  {
    key: "name",
    title: "Name",
    cell: (o) => {
      const to = placeOf(o);
      return (
        <span className={styles.name}>
          <KindIcon kind={o.kind} />
          {to === undefined ? o.name : <Link to={to}>{o.name}</Link>}
        </span>
      );
    },
  },
  { key: "kind", title: "Kind", cell: (o) => kindWords(o.kind), hideNarrow: true },
  { key: "path", title: "Where", cell: (o) => <span className="faint break">{o.path ?? ""}</span>, hideNarrow: true },
  { key: "level", title: "My level", cell: (o) => <LevelBadge level={o.level} /> },
  { key: "changed", title: "Changed", cell: (o) => <Time at={o.modified_at ?? o.created_at} />, align: "end", hideNarrow: true },
];

function Recent({ items }: { items: readonly Viewed[] }) {
  const all = (
    <ButtonLink to="/workspace" size="s" variant="quiet" icon={<ArrowRight aria-hidden="true" />}>
      Workspace
    </ButtonLink>
  );
  return (
    <Section title="Changed last" actions={all}>
      <Table label="Changed last" columns={columns} rows={items} rowKey={(o) => o.object} empty="Nothing that you manage has changed." />
    </Section>
  );
}
