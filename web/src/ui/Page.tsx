import { useEffect, useId, useRef, type ReactNode, type RefObject } from "react";
import { ChevronRight } from "lucide-react";
import { useLocation } from "react-router";
import { Link } from "./Link";
import styles from "./Page.module.css";
import { classes } from "./classes";

export interface Crumb {
  text: string;
  /** A page of the console; without it the crumb is plain text. */
  to?: string | undefined;
}

export interface PageProps {
  /** The h1 and the window's title. */
  title: string;
  icon?: ReactNode;
  /** Badges beside the title. */
  badges?: ReactNode;
  breadcrumbs?: readonly Crumb[];
  /** One or two sentences below the title. */
  about?: ReactNode;
  actions?: ReactNode;
  width?: "m" | "narrow" | "wide";
  children: ReactNode;
}

let arrivedAt: string | undefined;

/**
 * On arrival at another page the focus goes to its title, which is then read out. Not at the first page of a visit, not twice at one address
 * (a screen may show several pages while it loads), and not away from a field or an open dialog.
 */
function useArrival(heading: RefObject<HTMLHeadingElement | null>) {
  const { pathname } = useLocation();
  useEffect(() => {
    const first = arrivedAt === undefined;
    const again = arrivedAt === pathname;
    arrivedAt = pathname;
    if (first || again || document.activeElement?.closest("input, textarea, [role='dialog'], [role='alertdialog']")) return;
    heading.current?.focus({ preventScroll: true });
  }, [pathname, heading]);
}

/** A screen: breadcrumbs, title, actions and content. Sets the window's title and, on arrival, puts the focus on the h1. */
export function Page({ title, icon, badges, breadcrumbs, about, actions, width = "m", children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === "Bailiwick" ? title : `${title} · Bailiwick`;
  }, [title]);
  useArrival(heading);
  return (
    <div className={classes(styles.page, width !== "m" && styles[width])}>
      <header className={styles.head}>
        {breadcrumbs && breadcrumbs.length > 0 ? <Breadcrumbs crumbs={breadcrumbs} /> : null}
        <div className={styles.top}>
          <div className={styles.title}>
            {icon}
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {badges}
          </div>
          {actions ? <div className={styles.actions}>{actions}</div> : null}
        </div>
        {about ? <div className={styles.about}>{about}</div> : null}
      </header>
      {children}
    </div>
  );
}

/** The way down to this page; the page itself is not in it. */
export function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumbs">
      <ol className={styles.crumbs}>
        {crumbs.map((crumb, index) => (
          <li key={`${index}-${crumb.text}`}>
            {crumb.to === undefined ? <span>{crumb.text}</span> : <Link to={crumb.to}>{crumb.text}</Link>}
            <ChevronRight aria-hidden="true" />
          </li>
        ))}
      </ol>
    </nav>
  );
}

export interface SectionProps {
  title: string;
  actions?: ReactNode;
  about?: ReactNode;
  children: ReactNode;
}

/** A part of a page under an h2. */
export function Section({ title, actions, about, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.sectionHead}>
        <div>
          <h2 id={id}>{title}</h2>
          {about ? <p className="muted">{about}</p> : null}
        </div>
        {actions ? <div className="row">{actions}</div> : null}
      </div>
      {children}
    </section>
  );
}
