import { databricks, patch, post } from "../api/client";
import { useChange, usePaged } from "../api/hooks";
import { scim } from "./workspace";

/** A user, group or service principal in the lists. */
export interface PrincipalRow {
  id: string;
  name: string;
  kind: string;
  display_name: string;
  active: boolean;
  members?: number;
}

interface PrincipalPage {
  principals: PrincipalRow[];
  next_page_token?: string;
}

/** Everybody of a kind whose name holds the text, page by page. */
export const usePrincipals = (kinds: string, q: string) =>
  usePaged<PrincipalPage, PrincipalRow>("/principals", { q, kinds, max_results: 50 }, (page) => page.principals);

const renews = ["/principals"];
const core = "urn:ietf:params:scim:schemas:core:2.0:";

/** What creates somebody, by kind; the directory's own fields. */
export const useCreateUser = (done?: (made: { id: string }) => void) =>
  useChange((user: { userName: string; displayName: string }) => post<{ id: string }>(`${scim}/Users`, { schemas: [`${core}User`], ...named(user) }), renews, done);

export const useCreateGroup = (done?: () => void) =>
  useChange((displayName: string) => post(`${scim}/Groups`, { schemas: [`${core}Group`], displayName }), renews, done);

export const useCreateServicePrincipal = (done?: () => void) =>
  useChange((displayName: string) => post(`${scim}/ServicePrincipals`, { schemas: [`${core}ServicePrincipal`], displayName }), renews, done);

const named = ({ userName, displayName }: { userName: string; displayName: string }) => (displayName === "" ? { userName } : { userName, displayName });

const operations = (...Operations: unknown[]) => ({ schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations });

/** Lets somebody in again, or keeps him out: his tokens and sessions stop counting at once. */
export const setActive = (resource: "Users" | "ServicePrincipals", id: string, active: boolean) =>
  patch(`${scim}/${resource}/${id}`, operations({ op: "replace", path: "active", value: active }));

export interface Member {
  value: string;
  display?: string;
  $ref?: string;
}

export const useChangeMembers = (group: string, done?: () => void) =>
  useChange(
    ({ add, remove }: { add?: string; remove?: string }) =>
      patch(
        `${scim}/Groups/${group}`,
        operations(
          ...(add ? [{ op: "add", path: "members", value: [{ value: add }] }] : []),
          ...(remove ? [{ op: "remove", path: `members[value eq "${remove}"]` }] : []),
        ),
      ),
    [...renews, `${scim}/Groups/${group}`],
    done,
  );

/** A one-time link by which a user signs in. */
export const makeLink = (user: string) => post<{ login_link: string; expires_at: number }>("/login-links", { user_name: user });

/** A token for a service principal, who cannot come and get one. */
export const makeToken = (application: string, comment: string, days: number) =>
  post<{ token_value: string }>(`${databricks}/token-management/on-behalf-of/tokens`, {
    application_id: application, comment, ...(days > 0 ? { lifetime_seconds: days * 86_400 } : {}),
  });
