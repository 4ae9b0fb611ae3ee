import { useEffect, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "react-router";
import { ApiError, post } from "../api/client";
import { useChange } from "../api/hooks";
import type { Session } from "../api/types";
import { Button, Code, Problem, TextField } from "../ui";
import { afterSignIn } from "./afterSignIn";
import { Providers } from "./Providers";
import styles from "./SignIn.module.css";

interface Proof {
  token?: string;
  link?: string;
}

/** Signs in; after it the person is where the address says, or in MLflow's own pages. */
function useSignIn() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const location = useLocation();
  return useChange(
    (proof: Proof) => post<Session>("/sessions", proof, { headers: { "X-Bailiwick-Console": "1" } }),
    [],
    (session) => {
      const goal = afterSignIn(location, window.location);
      if ("outside" in goal) {
        window.location.assign(goal.outside);
        return;
      }
      if (goal.to !== undefined) void navigate(goal.to, { replace: true });
      client.setQueryData(["/session"], session);
    },
  );
}

/** Shown in the place of every page while nobody is signed in. */
export function SignIn() {
  const location = useLocation();
  const link = location.pathname === "/sign-in" ? new URLSearchParams(location.search).get("link") : null;
  const [useToken, setUseToken] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Bailiwick";
  }, []);
  const byLink = link !== null && link !== "" && !useToken;
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <img src="/favicon.svg" alt="" width={32} height={32} />
          <h1>Sign in to Bailiwick</h1>
        </div>
        {byLink ? null : <Providers />}
        {byLink ? <LinkForm link={link} other={() => setUseToken(true)} /> : <TokenForm />}
      </div>
      <Help />
    </main>
  );
}

function LinkForm({ link, other }: { link: string; other: () => void }) {
  const signIn = useSignIn();
  return (
    <div className="stack">
      <p>You opened a one-time sign-in link. It works once; afterwards, make yourself a token on your account page.</p>
      {signIn.error ? <Problem error={signIn.error} title="This link did not sign you in." /> : null}
      <div className="row">
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the one thing to do here */}
        <Button variant="primary" autoFocus isPending={signIn.isPending} onPress={() => signIn.mutate({ link })}>
          Sign in with this link
        </Button>
        <Button variant="quiet" onPress={other}>
          Use a token
        </Button>
      </div>
    </div>
  );
}

function TokenForm() {
  const signIn = useSignIn();
  const [token, setToken] = useState("");
  const [empty, setEmpty] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const wrong = signIn.error instanceof ApiError && signIn.error.status === 401;
  const submit = () => {
    setEmpty(token.trim() === "");
    const refocus = () => field.current?.focus();
    if (token.trim() === "") refocus();
    else signIn.mutate({ token: token.trim() }, { onError: refocus });
  };
  return (
    <form
      className="stack"
      method="post"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {/* Password managers keep secrets under a name; the token's is this server. */}
      <input type="text" name="username" autoComplete="username" value={window.location.host} readOnly hidden />
      <TextField
        label="Access token"
        type="password"
        inputRef={field}
        name="password"
        autoComplete="current-password"
        value={token}
        onChange={setToken}
        // The page is for this field.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        error={empty ? "Enter a token." : wrong ? signIn.error?.message : undefined}
      />
      {signIn.error && !wrong ? <Problem error={signIn.error} title="Signing in did not work." /> : null}
      <Button type="submit" variant="primary" isPending={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

function Help() {
  return (
    <details className={styles.help}>
      <summary>Where do I get a token?</summary>
      <div className="stack">
        <p>From your account page in an earlier session. Without one, ask an administrator for a one-time sign-in link, which he makes with:</p>
        <Code text="bailiwick login-link you@example.com" what="command that makes a sign-in link" wrap />
      </div>
    </details>
  );
}
