import { useState } from "react";
import { useLocation } from "react-router";
import { useGet } from "../api/hooks";
import { AnchorButton, Problem } from "../ui";
import { nextOf } from "./afterSignIn";
import { takeProblem } from "./signInProblem";
import styles from "./SignIn.module.css";

interface Offer {
  providers: { name: string; title: string }[];
}

/** The providers that people of this server sign in with, and why the last try did not work. Nothing where there are none. */
export function Providers() {
  const offer = useGet<Offer>("/sign-in/providers");
  const location = useLocation();
  const [problem] = useState(takeProblem);
  const next = nextOf(location, window.location);
  const query = next === "" ? "" : `?next=${encodeURIComponent(next)}`;
  const providers = offer.data?.providers ?? [];
  return (
    <>
      {problem ? <Problem error={new Error(problem)} title="You are not signed in." /> : null}
      {providers.length > 0 ? (
        <div className={styles.providers}>
          {providers.map((p) => (
            <AnchorButton key={p.name} href={`/login/oidc/${encodeURIComponent(p.name)}${query}`} variant="primary">
              Sign in with {p.title}
            </AnchorButton>
          ))}
          <p className={styles.or}>or with a token</p>
        </div>
      ) : null}
    </>
  );
}
