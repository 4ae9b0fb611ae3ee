"""Signing in with a name and, as password, a token: what MLFLOW_TRACKING_USERNAME and -PASSWORD are for."""

from __future__ import annotations

import base64

import mlflow
import pytest

from bailiwick_clients.acting import basic, using
from bailiwick_clients.people import Person, Team
from bailiwick_clients.refusals import CLIENT_ERRORS, refused, told


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


def header(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_a_run_with_artifacts(ada: Person) -> None:
    with using(basic(ada)) as client:
        mlflow.set_experiment(f"{ada.home}/basic")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1)
            mlflow.log_text("text", "note.txt")
        assert client.get_run(run.info.run_id).info.user_id == ada.name
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "text"


def test_refused_like_anybody(ada: Person, team: Team) -> None:
    bob = team.user("bob")
    with using(basic(ada)) as client:
        experiment = client.create_experiment("hers")
    with using(basic(bob)) as client:
        refused(lambda: client.create_run(experiment), "CAN_EDIT", ada.name)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (None, "wrong"),
        (None, ""),
        ("admin", None),
        ("nobody@example.org", None),
        ("admin", "password1234"),
    ],
)
def test_wrong_names_and_passwords(ada: Person, name: str | None, password: str | None) -> None:
    with using(basic(ada, name, password)) as client, pytest.raises(CLIENT_ERRORS) as caught:
        client.search_experiments()
    assert "UNAUTHENTICATED" in told(caught.value) or "401" in told(caught.value)


def test_anything_called_token_is_a_name(ada: Person) -> None:
    """`token` as name is what curl users of Databricks write."""
    for name in ("token", ada.name, ada.name.upper()):
        answer = ada.server.call("GET", "/api/2.0/preview/scim/v2/Me", token=None, headers=header(name, ada.token))
        assert answer.status == 200 and answer.json["userName"] == ada.name, (name, answer)


def test_a_challenge_for_browsers_and_json_for_programs(ada: Person) -> None:
    for headers in ({}, header("x", "y"), {"Authorization": "Basic !!!"}, {"Authorization": "Digest a"}, {"Authorization": "Bearer"}):
        answer = ada.server.call("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 1}, token=None, headers=headers)
        assert answer.status == 401 and answer.code == "UNAUTHENTICATED", answer
        assert "Basic" in answer.headers["WWW-Authenticate"]
