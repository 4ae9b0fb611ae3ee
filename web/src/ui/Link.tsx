import type { ReactNode } from "react";
import { Link as RouterLink, type To } from "react-router";
import { ExternalLink } from "lucide-react";

export interface LinkProps {
  to: To;
  children: ReactNode;
  className?: string | undefined;
  title?: string | undefined;
}

/** A link to another page of the console. */
export function Link({ to, ...rest }: LinkProps) {
  return <RouterLink to={to} {...rest} />;
}

export interface OutLinkProps {
  href: string;
  children: ReactNode;
}

/** A link out of the console (MLflow's own pages, a check's page). Only http and https addresses become links. */
export function OutLink({ href, children }: OutLinkProps) {
  if (!/^(https?:\/\/|\/)/i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
      <ExternalLink size={12} aria-hidden="true" style={{ display: "inline", marginInlineStart: 3, verticalAlign: "-1px" }} />
      <span className="visually-hidden"> (opens in a new tab)</span>
    </a>
  );
}

const pages: Record<string, string> = {
  experiment: "/experiments/",
  mlflowExperiment: "/experiments/",
  notebook: "/notebooks/",
  file: "/files/",
};

/** The address in the console of an object, by its kind, id or name, and path; undefined where it has no page of its own. */
export function placeOf(target: { object: string; kind: string; name: string; path?: string | undefined }): string | undefined {
  const id = target.object.slice(target.object.indexOf("/") + 1);
  if (target.kind === "registered-model") return `/models/${encodeURIComponent(target.name)}`;
  if (target.kind === "directory") return `/workspace?path=${encodeURIComponent(target.path ?? "/")}`;
  const page = pages[target.kind];
  return page === undefined ? undefined : page + encodeURIComponent(id);
}
