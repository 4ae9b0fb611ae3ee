"""Policies as unmodified clients meet them: a forbid takes away, a permit adds, and the refusal says which policy."""

from __future__ import annotations

import mlflow
import pytest
from databricks.sdk.errors import PermissionDenied
from mlflow.exceptions import MlflowException

from bailiwick_clients.acting import HTTP, acting
from bailiwick_clients.people import GOVERNANCE, Team

FORBID = """@id("embargo") @message("The embargo ends in May.")
forbid (principal == User::"{who}", action in [Action::"view-runs", Action::"view-items"], resource == Experiment::"{path}");
"""
PERMIT = """@id("guests")
permit (principal == User::"{who}", action in [Action::"view-runs", Action::"view-items"], resource == Experiment::"{path}");
"""


def put(team: Team, text: str) -> None:
    team.admin.call("PUT", f"{GOVERNANCE}/policies", {"text": text, "reason": "suite"}).ok()


@pytest.fixture(autouse=True)
def no_policies_after(team: Team):
    yield
    put(team, "")


def test_a_forbid_takes_away_and_says_so(team: Team) -> None:
    ada = team.user("ada")
    with acting(ada, HTTP) as client:
        made = client.create_experiment("embargoed")
        run = client.create_run(made).info.run_id
        path = client.get_experiment(made).tags["mlflow.experiment.path"] if "mlflow.experiment.path" in client.get_experiment(made).tags else f"{ada.home}/embargoed"
        put(team, FORBID.format(who=ada.name, path=path))
        with pytest.raises(MlflowException, match='Policy "embargo" forbids .*The embargo ends in May'):
            client.get_run(run)
        assert made not in [e.experiment_id for e in client.search_experiments()]
        assert client.search_runs([made]) == []
        with pytest.raises(PermissionDenied, match='Policy "embargo" forbids'):
            ada.sdk.experiments.get_run(run)
        put(team, "")
        assert client.get_run(run).info.run_id == run


def test_a_permit_adds(team: Team) -> None:
    ada, bob = team.user("ada"), team.user("bob")
    with acting(ada, HTTP) as client:
        made = client.create_experiment("shown")
        run = client.create_run(made).info.run_id
    with acting(bob, HTTP) as client:
        with pytest.raises(MlflowException):
            client.get_run(run)
        put(team, PERMIT.format(who=bob.name, path=f"{ada.home}/shown"))
        assert client.get_run(run).info.run_id == run
        assert made in [e.experiment_id for e in client.search_experiments()]
        assert [r.info.run_id for r in client.search_runs([made])] == [run]
        with pytest.raises(MlflowException, match="CAN_EDIT"):
            client.log_metric(run, "x", 1)
        assert bob.sdk.experiments.get_run(run).run.info.run_id == run
    assert mlflow.__version__
