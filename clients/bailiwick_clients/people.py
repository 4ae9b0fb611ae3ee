"""Principals with a token each, made the way an administrator makes them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service.iam import AccessControlRequest, ComplexValue, ObjectPermissions, PermissionLevel

from .server import Answer, Server

GOVERNANCE = "/api/governance/1.0"


@dataclass(frozen=True)
class Person:
    """A user or service principal who calls the server."""

    server: Server
    name: str  # what access control lists call him: a user's name, a service principal's application id
    id: str
    token: str
    service: bool = False

    @property
    def home(self) -> str:
        return f"/Users/{self.name}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One plain HTTP request as this person."""
        return self.server.call(method, path, body, token=self.token, **more)

    def mlflow(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One plain request to MLflow's API; path is what follows /api/2.0/mlflow/."""
        return self.call(method, f"/api/2.0/mlflow/{path}", body, **more)

    @property
    def sdk(self) -> WorkspaceClient:
        """The unmodified Databricks SDK, signed in as this person."""
        return sdk(self.server, self.token)


def sdk(server: Server, token: str) -> WorkspaceClient:
    return WorkspaceClient(config=Config(host=server.url, token=token, retry_timeout_seconds=20))


class Team:
    """Makes principals and grants on one server, as its administrator."""

    def __init__(self, server: Server, suffix: str = "") -> None:
        self.server = server
        self.suffix = suffix  # keeps names of suites that share a server apart
        self.admin = Person(server, "admin", "", server.admin_token)
        self._numbers = count(1)

    def fresh(self, name: str) -> str:
        """A name that nobody on this server has yet."""
        return f"{name}{self.suffix}{next(self._numbers)}"

    def user(self, name: str, *, exact: bool = False) -> Person:
        """Makes a user and signs her in by a one-time link, the way a person gets her first token."""
        full = name if exact else self.fresh(name) + "@example.org"
        made = self.admin.sdk.users.create(user_name=full)
        return Person(self.server, full, str(made.id), self.first_token(full))

    def first_token(self, user_name: str) -> str:
        """A one-time link, made by the administrator and exchanged by its owner for a token."""
        link = self.login_link(user_name)
        taken = self.server.call("POST", link, {}, token=None, headers={"Accept": "application/json"}).ok()
        return str(taken["token_value"])

    def login_link(self, user_name: str) -> str:
        """The path of a new one-time link."""
        made = self.admin.call("POST", f"{GOVERNANCE}/login-links", {"user_name": user_name}).ok()
        parts = urlsplit(made["login_link"])
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def service_principal(self, name: str) -> Person:
        """Makes a service principal with an on-behalf-of token."""
        made = self.admin.sdk.service_principals.create(display_name=self.fresh(name))
        application = str(made.application_id)
        token = self.admin.sdk.token_management.create_obo_token(application, comment="suite", lifetime_seconds=3600)
        return Person(self.server, application, str(made.id), str(token.token_value), service=True)

    def group(self, name: str, *members: Person, exact: bool = False) -> str:
        """Makes a group and gives its name."""
        full = name if exact else self.fresh(name)
        self.admin.sdk.groups.create(display_name=full, members=[ComplexValue(value=m.id) for m in members])
        return full

    def folder(self, path: str) -> str:
        """Makes a folder and gives its object id."""
        self.admin.sdk.workspace.mkdirs(path)
        return str(self.admin.sdk.workspace.get_status(path).object_id)

    def grant(self, kind: str, object_id: str, who: Person | str, level: PermissionLevel, *, by: Person | None = None) -> ObjectPermissions:
        """Adds one entry to an object's access control list; who is a person, or a group's name."""
        return (by or self.admin).sdk.permissions.update(kind, object_id, access_control_list=[entry(who, level)])

    def revoke_all(self, kind: str, object_id: str, *, by: Person | None = None) -> ObjectPermissions:
        """Takes every direct entry away."""
        return (by or self.admin).sdk.permissions.set(kind, object_id, access_control_list=[])


def entry(who: Person | str, level: PermissionLevel) -> AccessControlRequest:
    """An access control entry for a person, or for a group given by name."""
    if isinstance(who, str):
        return AccessControlRequest(group_name=who, permission_level=level)
    if who.service:
        return AccessControlRequest(service_principal_name=who.name, permission_level=level)
    return AccessControlRequest(user_name=who.name, permission_level=level)
