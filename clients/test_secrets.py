"""Secrets by the unmodified Databricks SDK for Python and by what Terraform's provider sends; keys that are rotated under clients, and kill -9."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission, ScopeBackendType

from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Answer, Server

AGENT = "databricks-tf-provider/1.128.0 databricks-sdk-go/0.175.0 go/1.26 os/linux terraform/1.9.8 resource/%s sdk/sdkv2 auth/pat"
VALUE = "PLANTED-b41d-correct horse é"


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


@pytest.fixture
def bob(team: Team) -> Person:
    return team.user("bob")


@pytest.fixture
def scope(team: Team, ada: Person) -> str:
    name = team.fresh("scope")
    ada.sdk.secrets.create_scope(name)
    return name


class TestSDK:
    def test_from_first_to_last(self, ada: Person, scope: str) -> None:
        w = ada.sdk.secrets
        w.put_secret(scope, "text", string_value=VALUE)
        w.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\x00\xff").decode())
        listed = list(w.list_secrets(scope))
        assert [s.key for s in listed] == ["bytes", "text"] and all(s.last_updated_timestamp > 0 for s in listed)
        got = w.get_secret(scope, "text")
        assert got.key == "text" and base64.b64decode(got.value).decode() == VALUE
        w.put_secret(scope, "text", string_value="next")
        assert ada.sdk.dbutils.secrets.get(scope, "text") == "next"
        assert ada.sdk.dbutils.secrets.getBytes(scope, "bytes") == b"\x00\xff"
        (mine,) = (s for s in w.list_scopes() if s.name == scope)
        assert mine.backend_type == ScopeBackendType.DATABRICKS
        w.delete_secret(scope, "text")
        with pytest.raises(NotFound):
            w.get_secret(scope, "text")
        w.delete_scope(scope)
        with pytest.raises(NotFound):
            w.list_secrets(scope).__next__()

    def test_errors(self, ada: Person, bob: Person, scope: str) -> None:
        w = ada.sdk.secrets
        with pytest.raises(ResourceAlreadyExists):
            w.create_scope(scope.upper())
        for call in (
            lambda: w.create_scope("no spaces"),
            lambda: w.create_scope("x", initial_manage_principal="ada"),
            lambda: w.put_secret(scope, "k", string_value="v" * (128 * 1024 + 1)),
            lambda: w.put_secret(scope, "k"),
            lambda: w.put_secret(scope, "k", bytes_value="no base64!"),
            lambda: w.put_secret(scope, "ключ", string_value="v"),
        ):
            with pytest.raises(BadRequest):
                call()
        with pytest.raises(NotFound, match=f"Scope {scope} does not exist!"):
            bob.sdk.secrets.get_secret(scope, "k")
        assert scope not in [s.name for s in bob.sdk.secrets.list_scopes()]

    def test_acls(self, team: Team, ada: Person, bob: Person, scope: str) -> None:
        w, b = ada.sdk.secrets, bob.sdk.secrets
        w.put_secret(scope, "k", string_value=VALUE)
        assert [(a.principal, a.permission) for a in w.list_acls(scope)] == [(ada.name, AclPermission.MANAGE)]
        w.put_acl(scope, bob.name, AclPermission.READ)
        assert base64.b64decode(b.get_secret(scope, "k").value).decode() == VALUE
        with pytest.raises(PermissionDenied, match="WRITE"):
            b.put_secret(scope, "k", string_value="v")
        with pytest.raises(PermissionDenied):
            list(b.list_acls(scope))
        w.put_acl(scope, bob.name, AclPermission.WRITE)
        b.put_secret(scope, "k", string_value="v")
        assert w.get_acl(scope, bob.name).permission == AclPermission.WRITE
        robot = team.service_principal("robot")
        w.put_acl(scope, robot.name, AclPermission.READ)
        assert robot.sdk.dbutils.secrets.get(scope, "k") == "v"
        w.delete_acl(scope, bob.name)
        with pytest.raises(NotFound):
            b.get_secret(scope, "k")
        with pytest.raises(NotFound):
            w.get_acl(scope, bob.name)

    def test_users_may_manage(self, team: Team, ada: Person, bob: Person) -> None:
        name = team.fresh("open")
        ada.sdk.secrets.create_scope(name, initial_manage_principal="users")
        assert [(a.principal, a.permission) for a in bob.sdk.secrets.list_acls(name)] == [("users", AclPermission.MANAGE)]
        bob.sdk.secrets.delete_scope(name)


class TestTerraform:
    """databricks_secret_scope, databricks_secret and databricks_secret_acl: create, read, read again without a difference, delete."""

    @staticmethod
    def call(who: Person, resource: str, method: str, path: str, body: object = None) -> Answer:
        return who.call(method, f"/api/2.0/secrets/{path}", body, headers={"User-Agent": AGENT % resource, "Accept": "application/json"})

    def test_sequences(self, team: Team, ada: Person, bob: Person) -> None:
        name = team.fresh("terraformed")

        def tf(resource: str, method: str, path: str, body: object = None) -> Answer:
            return self.call(ada, resource, method, path, body)

        tf("secret_scope", "POST", "scopes/create", {"scope": name, "initial_manage_principal": "users"}).ok()
        scopes = tf("secret_scope", "GET", "scopes/list").ok()["scopes"]
        assert {"name": name, "backend_type": "DATABRICKS"} in scopes
        tf("secret", "POST", "put", {"scope": name, "key": "k", "string_value": VALUE}).ok()
        (seen,) = tf("secret", "GET", f"list?scope={name}").ok()["secrets"]
        assert seen["key"] == "k" and isinstance(seen["last_updated_timestamp"], int)
        assert base64.b64decode(tf("secret", "GET", f"get?key=k&scope={name}").ok()["value"]).decode() == VALUE
        tf("secret_acl", "POST", "acls/put", {"scope": name, "principal": bob.name, "permission": "READ"}).ok()
        assert tf("secret_acl", "GET", f"acls/get?principal={quote(bob.name)}&scope={name}").ok() == {"principal": bob.name, "permission": "READ"}
        tf("secret_acl", "POST", "acls/delete", {"scope": name, "principal": bob.name}).ok()
        gone = tf("secret_acl", "GET", f"acls/get?principal={quote(bob.name)}&scope={name}")
        assert (gone.status, gone.code) == (404, "RESOURCE_DOES_NOT_EXIST")
        tf("secret", "POST", "delete", {"scope": name, "key": "k"}).ok()
        again = tf("secret", "POST", "delete", {"scope": name, "key": "k"})
        assert (again.status, again.code) == (404, "RESOURCE_DOES_NOT_EXIST")
        tf("secret_scope", "POST", "scopes/delete", {"scope": name}).ok()
        assert name not in [s["name"] for s in tf("secret_scope", "GET", "scopes/list").ok()["scopes"]]


def test_who_read_what(admin: Person, ada: Person, bob: Person, scope: str) -> None:
    w = ada.sdk.secrets
    w.put_secret(scope, "k", string_value=VALUE)
    w.put_acl(scope, bob.name, AclPermission.READ)
    bob.sdk.secrets.get_secret(scope, "k")
    w.put_secret(scope, "k", string_value="next")
    path = f"{GOVERNANCE}/secrets/{scope}/k"
    shown = ada.call("GET", path)
    assert VALUE.encode() not in shown.body
    newest, oldest = shown.ok()["versions"]
    assert (newest["version"], newest["state"], newest["readers"]) == (2, "current", [])
    assert (oldest["version"], oldest["state"]) == (1, "closed")
    (reader,) = oldest["readers"]
    assert (reader["principal"]["name"], reader["count"]) == (bob.name, 1)
    assert all(v["readers"] == [] for v in bob.call("GET", path).ok()["versions"]), "a reader sees who else reads"
    used = admin.call("GET", f"{GOVERNANCE}/audit?action=getSecret").body.decode()
    assert bob.name in used and VALUE not in used


def test_rotation_survives_kill(binary: str, tmp_path: Path) -> None:
    """The key is rotated, the server killed at once, again and again, under clients that read; at the end all is under the last key."""
    server = Server(binary, tmp_path, flags=["--kek", str(tmp_path / "kek")]).start()
    try:
        admin = Team(server).admin
        for i in range(80):
            admin.call("POST", "/api/2.0/secrets/scopes/create", {"scope": f"s{i}"}).ok()
            admin.call("POST", "/api/2.0/secrets/put", {"scope": f"s{i}", "key": "k", "string_value": f"{VALUE}{i}"}).ok()
        for _ in range(3):
            admin.call("POST", f"{GOVERNANCE}/kek/rotate", {}).ok()
            server.kill()
            server.start()
        wrong: list[str] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                for i in range(80):
                    answer = admin.call("GET", f"/api/2.0/secrets/get?scope=s{i}&key=k")
                    if answer.status != 200 or base64.b64decode(answer.json["value"]).decode() != f"{VALUE}{i}":
                        wrong.append(str(answer))

        reader = threading.Thread(target=read)
        reader.start()
        rotated = server.command("secrets", "rotate-kek", "--wait", "--json", token=server.admin_token)
        done.set()
        reader.join()
        assert rotated.returncode == 0, rotated.stderr
        assert not wrong, wrong[:3]
        state = admin.call("GET", f"{GOVERNANCE}/kek").ok()
        assert state["left"] == 0 and state["keys"][0]["data_keys"] == 80 and len(state["keys"]) == 5, state
        verified = server.command("audit", "verify", *server.ledger)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    finally:
        server.kill()
    for folder, _, files in os.walk(tmp_path):
        for file in files:
            assert VALUE.encode() not in (Path(folder) / file).read_bytes(), f"{folder}/{file} has the value"
