import { lazy, Suspense } from "react";
import { I18nProvider, RouterProvider as AriaRouter } from "react-aria-components";
import { Outlet, useHref, useNavigate } from "react-router";
import { Announcer } from "../ui/announce";
import { Problem, Spinner } from "../ui";
import { ToastRegion } from "../ui/Toast";
import { TooltipRegion } from "../ui/Tooltip";
import { ExplainProvider } from "./explain";
import { PermissionsProvider } from "./permissions";
import { SessionGate } from "./session";
import styles from "./Root.module.css";

const SignIn = lazy(() => import("./SignIn").then((m) => ({ default: m.SignIn })));

/** What every page stands in: the session, the drawers that any page can open, notices. */
export function Root() {
  const navigate = useNavigate();
  return (
    <I18nProvider locale="en-US">
      <AriaRouter navigate={(to) => void navigate(to)} useHref={useHref}>
        <SessionGate
          loading={
            <div className={styles.middle}>
              <Spinner />
            </div>
          }
          failed={(error, retry) => (
            <main className={styles.middle}>
              <Problem error={error} onRetry={retry} />
            </main>
          )}
          signedOut={
            <Suspense>
              <SignIn />
            </Suspense>
          }
        >
          <ExplainProvider>
            <PermissionsProvider>
              <Outlet />
            </PermissionsProvider>
          </ExplainProvider>
        </SessionGate>
        <TooltipRegion />
        <ToastRegion />
        <Announcer />
      </AriaRouter>
    </I18nProvider>
  );
}
