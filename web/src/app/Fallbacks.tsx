/** What stands in a screen's place: while it loads, when there is none, when it failed. */
import { Component, type ReactNode } from "react";
import { isRouteErrorResponse, Navigate, useLocation, useRouteError } from "react-router";
import { Button, ButtonLink, Empty, Page, Problem, Spinner } from "../ui";

export function Loading() {
  return <Spinner />;
}

/** No such page. */
export function NotFound() {
  const { pathname } = useLocation();
  return (
    <Page title="Page not found" width="narrow">
      <Empty title={`There is no page ${pathname}`} actions={<ButtonLink to="/">Go to the home page</ButtonLink>}>
        <p>The address may be mistyped, or from another version. Search finds everything that you may see: press / or use the field at the top.</p>
      </Empty>
    </Page>
  );
}

/** The sign-in page of somebody who is signed in. */
export function SignedIn() {
  return <Navigate to="/" replace />;
}

/** A screen whose code could not be loaded, or anything that failed outside of a screen. */
export function RouteProblem() {
  return <Failed error={errorOf(useRouteError())} />;
}

interface BoundaryProps {
  /** A new address gives the screen a new try. */
  at: string;
  children: ReactNode;
}

interface BoundaryState {
  at: string;
  error: Error | undefined;
}

/** Keeps the shell when a screen throws. */
export class RouteBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { at: this.props.at, error: undefined };

  static getDerivedStateFromError(thrown: unknown) {
    return { error: errorOf(thrown) };
  }

  static getDerivedStateFromProps(props: BoundaryProps, state: BoundaryState) {
    return props.at === state.at ? null : { at: props.at, error: undefined };
  }

  override render() {
    return this.state.error ? <Failed error={this.state.error} /> : this.props.children;
  }
}

function Failed({ error }: { error: Error }) {
  // After an update of the server the files that this page was going to load are gone.
  const stale = /dynamically imported module|module script|Failed to fetch/i.test(error.message);
  return (
    <Page title="Something went wrong" width="narrow">
      <Problem error={error} title={stale ? "This page could not be loaded. The server may have been updated." : "This page failed."}>
        <span className="muted">Nothing was changed by this. If it happens again after reloading, tell an administrator what is written here.</span>
      </Problem>
      <div className="row">
        <Button variant="primary" onPress={() => window.location.reload()}>
          Reload
        </Button>
        <ButtonLink to="/">Home</ButtonLink>
      </div>
    </Page>
  );
}

function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (isRouteErrorResponse(thrown)) return new Error(`${thrown.status} ${thrown.statusText}`);
  return new Error(String(thrown));
}
