import type { ReactNode } from "react";
import { BarChart3, PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { Link, useLocation } from "react-router";
import { IconButton, classes } from "../ui";
import { destinations, isCurrent, type Destination } from "./nav";
import { prefer, usePreferences } from "./preferences";
import { useViewer } from "./session";
import styles from "./Shell.module.css";

/** The pages, grouped. Narrow, it shows icons only; their words stay for screen readers and as titles. */
export function Sidebar() {
  const narrow = usePreferences().sidebar === "narrow";
  return (
    <div className={classes(styles.sidebar, narrow && styles.narrow)}>
      <Navigation narrow={narrow} brand={<Brand />} />
      <div className={styles.fold}>
        <IconButton size="s" label={narrow ? "Widen the sidebar" : "Narrow the sidebar"} onPress={() => prefer("sidebar", narrow ? "open" : "narrow")}>
          {narrow ? <PanelLeftOpen aria-hidden="true" /> : <PanelLeftClose aria-hidden="true" />}
        </IconButton>
      </div>
    </div>
  );
}

/** The product's name, which leads home. */
export function Brand() {
  return (
    <Link to="/" className={styles.brand} aria-label="Bailiwick, home">
      <img src="/favicon.svg" alt="" width={22} height={22} />
      <span>Bailiwick</span>
    </Link>
  );
}

/** The links themselves, also in the drawer of narrow windows. */
export function Navigation({ narrow = false, brand }: { narrow?: boolean; brand?: ReactNode }) {
  const viewer = useViewer();
  return (
    <nav aria-label="Main" className={styles.nav}>
      {brand}
      {destinations.map((group) => (
        <div key={group.title} className={styles.group}>
          <h2 className={narrow ? "visually-hidden" : styles.groupTitle}>{group.title}</h2>
          <ul role="list">
            {group.entries.map((entry) => (
              <NavItem key={entry.to} entry={entry} narrow={narrow} />
            ))}
            {group.title === "Work" && viewer.mlflow_ui ? <MLflowItem narrow={narrow} /> : null}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function NavItem({ entry, narrow }: { entry: Destination; narrow: boolean }) {
  const { pathname } = useLocation();
  const Icon = entry.icon;
  return (
    <li>
      <Link
        to={entry.to}
        className={styles.navItem}
        aria-current={isCurrent(entry.to, pathname) ? "page" : undefined}
        title={narrow ? entry.text : undefined}
      >
        <Icon aria-hidden="true" />
        <span className={narrow ? "visually-hidden" : undefined}>{entry.text}</span>
      </Link>
    </li>
  );
}

function MLflowItem({ narrow }: { narrow: boolean }) {
  return (
    <li>
      <a href="/mlflow/" className={styles.navItem} title={narrow ? "MLflow's own pages" : undefined}>
        <BarChart3 aria-hidden="true" />
        <span className={narrow ? "visually-hidden" : undefined}>MLflow UI</span>
      </a>
    </li>
  );
}
