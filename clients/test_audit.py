"""The audit trail as administrators read it, and the commands that answer who may do what."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from databricks.sdk.service.iam import PermissionLevel

from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Server


def trail(admin: Person, **filters: str) -> list[dict[str, Any]]:
    """The newest entries that fit the filters."""
    query = "&".join(f"{k}={quote(v)}" for k, v in {"max_results": "1000", **filters}.items())
    return admin.call("GET", f"{GOVERNANCE}/audit?{query}").ok()["events"]


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


@pytest.fixture
def bob(team: Team) -> Person:
    return team.user("bob")


@pytest.fixture
def experiment(ada: Person) -> str:
    return str(ada.mlflow("POST", "experiments/create", {"name": f"{ada.home}/audited"}).ok()["experiment_id"])


def test_every_refusal_is_an_entry(admin: Person, ada: Person, bob: Person, experiment: str) -> None:
    run = ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
    artifact = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/x.txt"
    calls = {
        "view-runs": ("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", None),
        "log-runs": ("POST", "/api/2.0/mlflow/runs/log-metric", {"run_id": run, "key": "k", "value": 1, "timestamp": 1}),
        "log-artifacts": ("PUT", artifact, b"x"),
        "read-artifacts": ("GET", artifact, None),
        "manage-runs": ("POST", "/api/2.0/mlflow/runs/delete", {"run_id": run}),
        "change-permissions": ("PUT", f"/api/2.0/permissions/experiments/{experiment}", {"access_control_list": []}),
        "read-permissions": ("GET", f"/api/2.0/permissions/experiments/{experiment}", None),
    }
    for method, path, body in calls.values():
        assert bob.call(method, path, body).status == 403, path
    events = [e for e in trail(admin, actor=bob.name) if e["response"]["status_code"] == 403]
    assert {e["decision"]["ability"] for e in events} == set(calls)
    for event in events:
        assert event["audit_class"] == "A" and event["decision"]["allowed"] is False and event["decision"]["path"], event
        assert event["object"]["id"] == experiment and event["object"]["path"] == f"{ada.home}/audited", event
        assert event["user_identity"]["email"] == bob.name and event["action_name"] and event["source_ip_address"] == "127.0.0.1", event
        assert "Who can give it" in event["response"]["error_message"], event


def test_a_grant_is_an_entry_with_before_and_after(admin: Person, ada: Person, bob: Person, experiment: str, team: Team) -> None:
    team.grant("experiments", experiment, bob, PermissionLevel.CAN_READ, by=ada)
    team.revoke_all("experiments", experiment, by=ada)
    taken, given = [e for e in trail(admin, actor=ada.name, action="changeWorkspaceAcl") if e["object"]["id"] == experiment]
    for event in (taken, given):
        assert event["governance_version"] > 0 and event["before"] != event["after"], event
    assert given["governance_version"] < taken["governance_version"]
    assert bob.id in json.dumps(given["after"]) or bob.name in json.dumps(given["after"])


def test_filters_and_pages(admin: Person, ada: Person, experiment: str) -> None:
    for i in range(5):
        ada.mlflow("POST", "runs/create", {"experiment_id": experiment, "run_name": str(i)}).ok()
    mine = trail(admin, actor=ada.name, object=f"experiments/{experiment}", action="createRun")
    assert len(mine) == 5
    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = admin.call("GET", f"{GOVERNANCE}/audit?actor={quote(ada.name)}&action=createRun&max_results=2&page_token={token}").ok()
        seen += [e["event_id"] for e in page["events"]]
        token = page.get("next_page_token", "")
    assert seen == [e["event_id"] for e in mine] and not token
    assert trail(admin, actor=ada.name, since="2099-01-01T00:00:00Z") == []
    assert admin.call("GET", f"{GOVERNANCE}/audit?class=Z").status == 400


def test_no_secret_is_in_the_trail(admin: Person, ada: Person) -> None:
    token = ada.call("POST", "/api/2.0/token/create", {"comment": "c"}).ok()["token_value"]
    ada.call("GET", f"/api/2.0/preview/scim/v2/Me?x={token}")
    text = json.dumps(trail(admin, actor=ada.name))
    assert token not in text and ada.token not in text


def test_export_is_verified_offline(server: Server, admin: Person, ada: Person, tmp_path: Path) -> None:
    ada.call("POST", "/api/2.0/token/create", {"comment": "c"}).ok()
    keys = tmp_path / "keys"
    keys.write_text(server.command("audit", "checkpoint", "--key", token=admin.token).stdout)
    export = tmp_path / "export.jsonl"
    deadline = time.monotonic() + 20
    while True:  # the sealer follows within a second or so
        export.write_text(server.command("audit", "export", token=admin.token).stdout)
        if len(export.read_text().splitlines()) > 6 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    sound = server.command("audit", "verify", "--file", str(export), "--pubkey", str(keys))
    assert sound.returncode == 0, sound.stdout + sound.stderr
    lines = export.read_text().splitlines(keepends=True)
    assert len(lines) > 6
    middle = len(lines) // 2
    for name, changed in {
        "flipped": [
            *lines[:middle],
            lines[middle].replace('"', "'", 1) if '"ada' not in lines[middle] else lines[middle].replace("ada", "eve"),
            *lines[middle + 1 :],
        ],
        "dropped": [*lines[:middle], *lines[middle + 1 :]],
        "swapped": [*lines[: middle - 1], lines[middle], lines[middle - 1], *lines[middle + 1 :]],
        "cut": lines[:-1],
    }.items():
        export.write_text("".join(changed))
        found = server.command("audit", "verify", "--file", str(export), "--pubkey", str(keys))
        assert found.returncode == 2, (name, found.stdout, found.stderr)


def test_commands_ask_the_same_server(server: Server, admin: Person, ada: Person, bob: Person, experiment: str) -> None:
    subject = f"experiments/{experiment}"
    assert server.command("can", "view-runs", subject, token=ada.token).returncode == 0
    refused = server.command("can", "log-runs", subject, token=bob.token)
    assert refused.returncode == 3, refused
    asked = json.loads(server.command("can", "view-runs", subject, bob.name, "--json", token=admin.token).stdout)
    assert asked["allowed"] is False and asked["refusal"]["level_needed"] == "CAN_READ"
    holders = json.loads(server.command("who-can", "log-runs", subject, "--json", token=ada.token).stdout)
    assert {h["name"] for h in holders["principals"]} == {ada.name, "admin"}
    reached = json.loads(server.command("what-can", "--kind", "experiment", "--json", token=ada.token).stdout)
    assert subject in [o["object"] for o in reached["objects"]]
    assert bob.name in server.command("whoami", token=bob.token).stdout
    listed = server.command("audit", "list", "--actor", ada.name, "--limit", "5", token=admin.token)
    assert listed.returncode == 0 and "createExperiment" in listed.stdout, listed
    assert server.command("audit", "list", token=bob.token).returncode != 0


def test_a_link_gives_one_token(server: Server, team: Team) -> None:
    name = team.fresh("lin") + "@example.org"
    team.admin.sdk.users.create(user_name=name)
    link = server.url + team.login_link(name)
    page = server.call("GET", link.removeprefix(server.url), token=None, headers={"Accept": "text/html"})
    # The console's page for signing in, with the code where browsers keep it to themselves.
    assert page.status == 303 and page.headers["Location"] == "/#/sign-in?link=" + link.rsplit("/", 1)[1]
    first = server.command("login", link, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["token_value"].startswith("dapi")
    again = server.command("login", link, "--json")
    assert again.returncode != 0 and "dapi" not in again.stdout
