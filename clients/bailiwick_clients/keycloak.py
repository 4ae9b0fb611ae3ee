"""Keycloak as somebody's directory: a realm with people, groups and roles, changed as its administrator changes it."""

from __future__ import annotations

import html
import os
import re
import secrets
from http.cookiejar import Cookie
from typing import Any

import requests
from requests.cookies import RequestsCookieJar

TENANT = "22222222-2222-2222-2222-222222222222"
PASSWORD = "a-password-of-the-realm"


def mapper(name: str, kind: str, **config: str) -> dict[str, Any]:
    """One of the rules by which Keycloak fills a token's claims."""
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": {"id.token.claim": "true", "access.token.claim": "true", **config},
    }


GROUPS = mapper("groups", "oidc-group-membership-mapper", **{"claim.name": "groups", "full.path": "false"})
ROLES = mapper("roles", "oidc-usermodel-realm-role-mapper", **{"claim.name": "roles", "multivalued": "true", "jsonType.label": "String"})
OID = mapper("oid", "oidc-usermodel-property-mapper", **{"user.attribute": "id", "claim.name": "oid", "jsonType.label": "String"})
TID = mapper("tid", "oidc-hardcoded-claim-mapper", **{"claim.name": "tid", "claim.value": TENANT, "jsonType.label": "String"})
AUDIENCE = mapper("audience", "oidc-audience-mapper", **{"included.custom.audience": "bailiwick"})
# What Entra ID puts into the token of somebody with more groups than it lists.
OVERAGE = mapper(
    "overage",
    "oidc-hardcoded-claim-mapper",
    **{"claim.name": "_claim_names", "claim.value": '{"groups": "src1"}', "jsonType.label": "JSON"},
)


class Realm:
    """A realm of its own on the Keycloak of this test run, imported at once; its clients are like applications at Okta and at Entra ID."""

    def __init__(self, server_url: str) -> None:
        self.base = os.environ["BAILIWICK_TEST_KEYCLOAK"]
        self.name = "r" + secrets.token_hex(6)
        self.secret = secrets.token_hex(16)
        self._session = requests.Session()
        self._as_admin("POST", "/admin/realms", json=self._document(server_url))

    @property
    def issuer(self) -> str:
        return f"{self.base}/realms/{self.name}"

    def _document(self, server_url: str) -> dict[str, Any]:
        return {
            "realm": self.name,
            "enabled": True,
            "sslRequired": "none",
            "roles": {"realm": [{"name": "stage-approver"}]},
            "groups": [{"name": "ml"}, {"name": "bosses"}, {"name": "outside"}],
            "users": [
                self._user("ann", ["/ml", "/outside"], ["stage-approver"]),
                self._user("bob", ["/bosses"], []),
                self._user("cleo", ["/ml"], []),
                self._user("dan", ["/ml"], []),
            ],
            "clients": [
                self._client(server_url, "okta", [GROUPS, ROLES, OID, AUDIENCE]),
                self._client(server_url, "entra", [OVERAGE, ROLES, OID, TID]),
                self._client(server_url, "elsewhere", [GROUPS]),
            ],
        }

    @staticmethod
    def _user(name: str, groups: list[str], roles: list[str]) -> dict[str, Any]:
        return {
            "username": f"{name}@example.org",
            "email": f"{name}@example.org",
            "emailVerified": True,
            "enabled": True,
            "firstName": name.capitalize(),
            "lastName": "Example",
            "groups": groups,
            "realmRoles": roles,
            "credentials": [{"type": "password", "value": PASSWORD}],
        }

    def _client(self, server_url: str, name: str, mappers: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "clientId": name,
            "secret": self.secret,
            "standardFlowEnabled": True,
            "directAccessGrantsEnabled": True,
            "serviceAccountsEnabled": True,
            "redirectUris": [f"{server_url}/login/oidc/{name}/callback"],
            "attributes": {
                "pkce.code.challenge.method": "S256",
                "backchannel.logout.url": f"{server_url}/login/oidc/{name}/logout",
                "backchannel.logout.session.required": "true",
            },
            "protocolMappers": mappers,
        }

    def provider(self, name: str, secret_file: str, **more: Any) -> dict[str, Any]:
        """What the server's file of providers says of the client of this name."""
        return {
            "name": name,
            "title": name.capitalize(),
            "issuer": self.issuer,
            "client-id": name,
            "client-secret-file": secret_file,
            "create-users": True,
            "link-users": True,
            **more,
        }

    # What its administrator does.

    def _as_admin(self, method: str, path: str, **more: Any) -> requests.Response:
        login = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": "admin",
            "password": os.environ["BAILIWICK_TEST_KEYCLOAK_PASSWORD"],
        }
        token = self._session.post(f"{self.base}/realms/master/protocol/openid-connect/token", data=login, timeout=60)
        token.raise_for_status()
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        answer = self._session.request(method, self.base + path, headers=headers, timeout=60, **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def _in_realm(self, method: str, path: str, **more: Any) -> Any:
        answer = self._as_admin(method, f"/admin/realms/{self.name}{path}", **more)
        return answer.json() if answer.content else None

    def user_id(self, name: str) -> str:
        return str(self._in_realm("GET", "/users", params={"username": f"{name}@example.org", "exact": "true"})[0]["id"])

    def leave_group(self, name: str, group: str) -> None:
        found = self._in_realm("GET", "/groups", params={"search": group, "exact": "true"})[0]["id"]
        self._in_realm("DELETE", f"/users/{self.user_id(name)}/groups/{found}")

    def take_role(self, name: str, role: str) -> None:
        found = self._in_realm("GET", f"/roles/{role}")
        self._in_realm("DELETE", f"/users/{self.user_id(name)}/role-mappings/realm", json=[found])

    def sign_out_everywhere(self, name: str) -> None:
        """Ends the person's sessions; Keycloak then tells the applications by their back channel."""
        self._in_realm("POST", f"/users/{self.user_id(name)}/logout")

    def rename(self, name: str, to: str) -> None:
        """Gives a person another name, as after a marriage; her subject stays."""
        self._in_realm("PUT", "", json={"editUsernameAllowed": True})
        self._in_realm("PUT", f"/users/{self.user_id(name)}", json={"username": f"{to}@example.org", "email": f"{to}@example.org", "emailVerified": True})

    def recreate(self, name: str) -> None:
        """Removes a person, and makes another of the same name."""
        self._in_realm("DELETE", f"/users/{self.user_id(name)}")
        self._in_realm("POST", "/users", json={k: v for k, v in self._user(name, ["/ml"], []).items() if k != "realmRoles"})

    def rotate(self) -> None:
        """Makes a new key, which signs from now on; the old one stays published."""
        config = {"priority": [str(200 + secrets.randbelow(10_000))]}
        key = {"name": secrets.token_hex(4), "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider", "config": config}
        self._in_realm("POST", "/components", json=key)

    # What its people and programs do.

    def password_token(self, client: str, name: str) -> str:
        """An ID token that a person got for an application."""
        asked = {
            "grant_type": "password",
            "client_id": client,
            "client_secret": self.secret,
            "username": f"{name}@example.org",
            "password": PASSWORD,
            "scope": "openid",
        }
        answer = requests.post(f"{self.issuer}/protocol/openid-connect/token", data=asked, timeout=60)
        assert answer.ok, answer.text
        return str(answer.json()["id_token"])

    def program_token(self, client: str) -> str:
        """A token that a program of the company got for itself."""
        asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": self.secret}
        answer = requests.post(f"{self.issuer}/protocol/openid-connect/token", data=asked, timeout=60)
        assert answer.ok, answer.text
        return str(answer.json()["access_token"])

    def log_in(self, page: requests.Response, browser: requests.Session, name: str) -> requests.Response:
        """Fills the form in that the realm shows, and follows to where it leads."""
        form = re.search(r'<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"', page.text)
        assert form, f"no form to log in:\n{page.text[:2000]}"
        filled = {"username": f"{name}@example.org", "password": PASSWORD, "credentialId": ""}
        return browser.post(html.unescape(form.group(1)), data=filled, timeout=60)


class _Jar(RequestsCookieJar):
    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> None:
        cookie.secure = False
        super().set_cookie(cookie, *args, **kwargs)


def browser() -> requests.Session:
    """A session that keeps cookies as browsers do, who take this machine's own addresses for safe without TLS."""
    made = requests.Session()
    made.cookies = _Jar()
    return made
