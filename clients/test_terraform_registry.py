"""What Terraform's provider sends for registered models, their webhooks and their permissions, and what it takes out of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from bailiwick_clients.people import Person, Team
from bailiwick_clients.server import Answer

AGENT = "databricks-tf-provider/1.128.0 databricks-sdk-go/0.175.0 go/1.26 os/linux terraform/1.9.8 resource/%s sdk/sdkv2 auth/pat"
URL = "https://hooks.example.org/registry"


class Provider:
    """One resource's requests, in the provider's manner: discovery first, then the calls with its user agent."""

    def __init__(self, who: Person, resource: str) -> None:
        self.who, self.agent = who, AGENT % resource
        found = who.server.call("GET", "/.well-known/databricks-config", token=None, headers={"User-Agent": self.agent}).ok()
        assert found["host_type"] == "workspace"
        self.workspace = str(found["workspace_id"])

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"User-Agent": self.agent, "Accept": "application/json", "X-Databricks-Workspace-Id": self.workspace}
        return self.who.call(method, f"/api/2.0/{path}", body, headers=headers)

    def me(self) -> str:
        """The name that the provider puts into permissions as the current user, for service principals too."""
        answer = self.call("GET", "preview/scim/v2/Me")
        assert answer.headers["X-Databricks-Org-Id"] == self.workspace
        return str(answer.ok()["userName"])

    def get_model(self, name: str) -> Answer:
        return self.call("GET", f"mlflow/databricks/registered-models/get?name={quote(name)}")

    def get_permissions(self, id: str) -> dict[str, Any]:
        """Reads permissions, and holds the answer to what the provider compares."""
        answer = self.call("GET", f"permissions/registered-models/{id}").ok()
        assert answer["object_type"] == "registered-model" and answer["object_id"] == f"/registered-models/{id}"
        for row in answer["access_control_list"]:
            who = set(row) - {"all_permissions"}
            assert who in ({"group_name"}, *({kind, *more} for kind in ("user_name", "service_principal_name") for more in ((), ("display_name",)))), row
            for p in row["all_permissions"]:
                assert set(p) == ({"permission_level", "inherited", "inherited_from_object"} if p["inherited"] else {"permission_level", "inherited"}), p
        return answer

    def direct(self, id: str) -> dict[str, str]:
        """Direct entries, as the provider keeps them: by principal, without what is inherited."""
        rows = self.get_permissions(id)["access_control_list"]
        return {
            next(v for k, v in row.items() if k in ("user_name", "group_name", "service_principal_name")): p["permission_level"]
            for row in rows
            for p in row["all_permissions"]
            if not p["inherited"]
        }

    def put(self, id: str, *rows: dict[str, str]) -> Answer:
        return self.call("PUT", f"permissions/registered-models/{id}", {"access_control_list": list(rows)})


def row(level: str, **who: str) -> dict[str, str]:
    return {**who, "permission_level": level}


@pytest.fixture(scope="module")
def ada(team: Team) -> Person:
    return team.user("ada")


@pytest.fixture(scope="module")
def robot(team: Team) -> Person:
    """What runs Terraform in a pipeline."""
    return team.service_principal("terraform")


@pytest.fixture(params=["user", "service principal"])
def caller(request: pytest.FixtureRequest, ada: Person, robot: Person) -> Person:
    return ada if request.param == "user" else robot


@pytest.fixture
def model(team: Team, caller: Person) -> Iterator[tuple[str, str]]:
    """A model of the caller's: its name and the id that permissions are under."""
    name = team.fresh("terraformed")
    tf = Provider(caller, "mlflow_model")
    tf.call("POST", "mlflow/registered-models/create", {"name": name}).ok()
    yield name, tf.get_model(name).ok()["registered_model_databricks"]["id"]
    tf.call("DELETE", f"mlflow/registered-models/delete?name={name}").ok()


def test_model(team: Team, caller: Person) -> None:
    tf, name = Provider(caller, "mlflow_model"), team.fresh("model")
    tags = [{"key": "team", "value": "churn"}, {"key": "empty", "value": ""}]
    made = tf.call("POST", "mlflow/registered-models/create", {"name": name, "description": "first", "tags": tags}).ok()
    assert made["registered_model"]["name"] == name

    seen = tf.get_model(name).ok()["registered_model_databricks"]
    assert (seen["name"], seen["description"], seen["permission_level"]) == (name, "first", "CAN_MANAGE")
    assert {t["key"]: t.get("value", "") for t in seen["tags"]} == {"team": "churn", "empty": ""}
    assert seen["id"] and isinstance(seen["id"], str) and isinstance(seen["creation_timestamp"], int)

    tf.call("PATCH", "mlflow/registered-models/update", {"name": name, "description": "second"}).ok()
    for tag in ({"key": "team", "value": "fraud"}, {"key": "cost", "value": "7"}):
        tf.call("POST", "mlflow/registered-models/set-tag", {"name": name, **tag}).ok()
    tf.call("DELETE", f"mlflow/registered-models/delete-tag?name={name}&key=empty").ok()
    again = tf.get_model(name).ok()["registered_model_databricks"]
    assert (again["id"], again["description"]) == (seen["id"], "second")
    assert {t["key"]: t["value"] for t in again["tags"]} == {"team": "fraud", "cost": "7"}

    # Who owns it unsaid is in user_id. What somebody said is a tag like others, and what the provider wrote reads as it was written.
    owner = {"key": "bailiwick.owner", "value": caller.name}
    tf.call("POST", "mlflow/registered-models/set-tag", {"name": name, **owner}).ok()
    assert owner in tf.get_model(name).ok()["registered_model_databricks"]["tags"]

    twice = tf.call("POST", "mlflow/registered-models/create", {"name": name})
    assert (twice.status, twice.code) == (400, "RESOURCE_ALREADY_EXISTS"), twice
    tf.call("DELETE", f"mlflow/registered-models/delete?name={name}").ok()
    gone = tf.get_model(name)  # how the provider learns that it must make the model again
    assert (gone.status, gone.code) == (404, "RESOURCE_DOES_NOT_EXIST"), gone
    assert tf.call("DELETE", f"mlflow/registered-models/delete?name={name}").status == 404


SPECS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {  # sent, sent at the update, read after it
    "http_url_spec": (
        {"url": URL, "enable_ssl_verification": False, "secret": "s3cret-words", "authorization": "Bearer t0ken-words"},
        {"url": URL + "/2", "enable_ssl_verification": True, "secret": "s3cret-words", "authorization": "Bearer t0ken-words"},
        {"url": URL + "/2", "enable_ssl_verification": True},
    ),
    "job_spec": (
        {"job_id": "7", "workspace_url": "https://other.example.org", "access_token": "t0ken-words"},
        {"job_id": "8", "workspace_url": "https://other.example.org", "access_token": "t0ken-words"},
        {"job_id": "8", "workspace_url": "https://other.example.org"},
    ),
}


@pytest.mark.parametrize("spec", SPECS)
def test_webhook(model: tuple[str, str], caller: Person, spec: str) -> None:
    tf, (first, second, read) = Provider(caller, "mlflow_webhook"), SPECS[spec]
    body = {"model_name": model[0], "events": ["TRANSITION_REQUEST_CREATED"], "description": "tells the team", "status": "ACTIVE", spec: first}
    made = tf.call("POST", "mlflow/registry-webhooks/create", body)
    id = made.ok()["webhook"]["id"]

    def listed() -> list[dict[str, Any]]:
        answer = tf.call("GET", "mlflow/registry-webhooks/list")  # it looks for its own among all
        assert b"words" not in answer.body, answer
        return [w for w in answer.ok().get("webhooks", []) if w["id"] == id]

    assert b"words" not in made.body, made
    (hook,) = listed()
    assert (hook["events"], hook["description"], hook["status"], hook["model_name"]) == (body["events"], "tells the team", "ACTIVE", model[0])
    assert hook[spec] == {k: v for k, v in first.items() if k in read} and {"http_url_spec", "job_spec"} & set(hook) == {spec}

    change = {"id": id, "events": ["MODEL_VERSION_CREATED"], "description": "tells others", "status": "DISABLED", spec: second}
    assert b"words" not in tf.call("PATCH", "mlflow/registry-webhooks/update", change).body
    (hook,) = listed()
    assert (hook["events"], hook["description"], hook["status"], hook[spec]) == (["MODEL_VERSION_CREATED"], "tells others", "DISABLED", read)
    tf.call("DELETE", f"mlflow/registry-webhooks/delete?id={id}").ok()
    assert listed() == []
    assert tf.call("DELETE", f"mlflow/registry-webhooks/delete?id={id}").status == 404


def test_permissions(team: Team, model: tuple[str, str], caller: Person) -> None:
    name, id = model
    tf, reader, group = Provider(caller, "permissions"), team.user("reader"), team.group("stagers")
    mine = row("CAN_MANAGE", user_name=tf.me())  # so also for a service principal
    put = tf.put(id, row("CAN_READ", user_name=reader.name), row("CAN_MANAGE_STAGING_VERSIONS", group_name=group), mine)
    assert put.ok() == tf.get_permissions(id)
    assert tf.direct(id) == {reader.name: "CAN_READ", group: "CAN_MANAGE_STAGING_VERSIONS", caller.name: "CAN_MANAGE"}
    if caller.service:
        assert caller.name in [r.get("service_principal_name") for r in tf.get_permissions(id)["access_control_list"]]
    assert Provider(reader, "mlflow_model").get_model(name).ok()["registered_model_databricks"]["permission_level"] == "CAN_READ"

    tf.put(id, row("CAN_EDIT", user_name=reader.name), row("CAN_MANAGE_PRODUCTION_VERSIONS", user_name=reader.name), mine).ok()
    assert tf.direct(id) == {reader.name: "CAN_MANAGE_PRODUCTION_VERSIONS", caller.name: "CAN_MANAGE"}  # the last one of a principal counts
    for wrong in ("CAN_RUN", "IS_OWNER", ""):
        assert tf.put(id, row(wrong, user_name=reader.name), mine).status == 400

    tf.put(id, mine).ok()  # delete is a PUT of what must stay
    assert tf.direct(id) == {caller.name: "CAN_MANAGE"}
    assert Provider(reader, "mlflow_model").get_model(name).status == 404


def test_permissions_of_the_root(team: Team) -> None:
    tf, group = Provider(team.admin, "permissions"), team.group("readers")
    reader = team.user("reader")
    admins = row("CAN_MANAGE", group_name="admins")
    before = tf.direct("root")
    assert before["admins"] == "CAN_MANAGE"
    put = tf.put("root", row("CAN_READ", group_name=group), row("CAN_EDIT", user_name=reader.name), admins)
    assert put.ok() == tf.get_permissions("root")
    assert tf.direct("root") == {group: "CAN_READ", reader.name: "CAN_EDIT", "admins": "CAN_MANAGE"}

    without = tf.put("root", row("CAN_READ", group_name=group))
    assert without.status == 400 and "admins" in without.message, without
    assert tf.direct("root")["admins"] == "CAN_MANAGE"

    name = team.fresh("below")
    made = tf.call("POST", "mlflow/registered-models/create", {"name": name}).ok()
    assert made["registered_model"]["name"] == name
    model = Provider(reader, "mlflow_model").get_model(name).ok()["registered_model_databricks"]
    assert model["permission_level"] == "CAN_EDIT"
    rows = tf.get_permissions(model["id"])["access_control_list"]
    inherited = {tuple(p["inherited_from_object"]) for r in rows if r.get("user_name") == reader.name for p in r["all_permissions"]}
    assert inherited == {("/registered-models/root",)}, rows

    deleted = tf.put("root", admins)
    assert deleted.ok()["access_control_list"] == [{"group_name": "admins", "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": False}]}]
    assert tf.direct("root") == {"admins": "CAN_MANAGE"}
    assert Provider(reader, "mlflow_model").get_model(name).status == 404
    tf.call("DELETE", f"mlflow/registered-models/delete?name={name}").ok()
