"""Where a registered version came from, after unmodified MLflow trained and registered it out of a git checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from databricks.sdk.service.iam import PermissionLevel

from bailiwick_clients.people import GOVERNANCE, Person, Team

# A person's script: it says nothing of git, of itself or of the model's past; MLflow does.
TRAIN = """
import sys
import mlflow
import pandas
from sklearn.linear_model import LogisticRegression

experiment, model = sys.argv[1:]
mlflow.set_experiment(experiment)
frame = pandas.DataFrame({"x": range(20), "y": [i % 2 for i in range(20)]})
data = mlflow.data.from_pandas(frame, source="flowers.csv", name="flowers", targets="y")
mlflow.sklearn.autolog(silent=True, registered_model_name=model)
with mlflow.start_run(run_name="spring"):
    mlflow.log_input(data, context="training")
    LogisticRegression().fit(frame[["x"]], frame["y"])
print(mlflow.last_active_run().info.run_id)
"""


class Past:
    """A version with its past, made once for all tests."""

    def __init__(self, folder: Path, team: Team) -> None:
        self.ada, self.bob, self.cyd = (team.user(name) for name in ("ada", "bob", "cyd"))
        self.model = team.fresh("flowers-")
        self.path = f"{self.ada.home}/lineage"
        self.commit = checkout(folder)
        self.run = self.train(folder)
        self.experiment = self.ada.mlflow("GET", f"runs/get?run_id={self.run}").ok()["run"]["info"]["experiment_id"]
        got = self.ada.mlflow("GET", f"databricks/registered-models/get?{urlencode({'name': self.model})}").ok()
        self.model_id = got["registered_model_databricks"]["id"]
        team.grant("registered-models", self.model_id, self.bob, PermissionLevel.CAN_READ, by=self.ada)

    def train(self, folder: Path) -> str:
        env = {
            **os.environ,
            "MLFLOW_TRACKING_URI": self.ada.server.url,
            "MLFLOW_TRACKING_TOKEN": self.ada.token,
        }
        command = [sys.executable, "train.py", self.path, self.model]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout.split()[-1]


def checkout(folder: Path) -> str:
    """Makes a git repository with the script in it and gives its commit."""
    (folder / "train.py").write_text(TRAIN)
    # A token in the address of a remote is a secret of the person, not of the model's past.
    for line in (
        "init --quiet --initial-branch main",
        "remote add origin https://ada:ghp_s3cret@git.example.org/flowers.git",
        "add train.py",
        "-c user.name=ada -c user.email=ada@example.org commit --quiet --message start",
    ):
        subprocess.run(["git", *line.split()], cwd=folder, check=True, capture_output=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def past(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Past:
    return Past(tmp_path_factory.mktemp("checkout"), team)


def lineage(who: Person, **query: str) -> Any:
    return who.call("GET", f"{GOVERNANCE}/lineage?{urlencode(query)}").ok()


def states(answer: Any) -> dict[str, str]:
    """Nodes by kind, and by name where a kind has several."""
    return {f"{n['kind']} {n.get('name', n['id'])}": n["state"] for n in answer["nodes"]}


def relations(answer: Any) -> set[tuple[str, str, str]]:
    kinds = {n["key"]: n["kind"] for n in answer["nodes"]}
    return {(kinds[e["from"]], e["relation"], kinds[e["to"]]) for e in answer["edges"]}


CHAIN = {
    ("version", "registered-from", "run"),
    ("version", "registered-from", "logged-model"),
    ("logged-model", "made-by", "run"),
    ("logged-model", "in", "experiment"),
    ("run", "in", "experiment"),
    ("run", "read", "dataset"),
    ("run", "ran", "commit"),
    ("run", "ran", "script"),
}


def test_a_version_says_where_it_came_from(past: Past) -> None:
    up = lineage(past.ada, id=f"models:/{past.model}/1", direction="up")
    assert relations(up) == CHAIN
    assert not up["truncated"] and not up["hidden"]
    got = states(up)
    assert got[f"version {past.model}/1"] == got["run spring"] == got["dataset flowers"] == got[f"experiment {past.path}"] == "active"
    assert got[f"commit {past.commit}"] == got["script train.py"] == "claimed"
    ran = next(e["detail"] for e in up["edges"] if e["to"] == f"commit:{past.commit}")
    assert ran["repository"] == "https://git.example.org/flowers.git" and ran["branch"] == "main"


@pytest.mark.parametrize("start", ["dataset", "commit", "script", "run", "experiment"])
def test_what_came_of_it(past: Past, start: str) -> None:
    ids = {"dataset": "flowers", "commit": past.commit, "script": "train.py", "run": past.run, "experiment": past.experiment}
    down = lineage(past.ada, kind=start, id=ids[start], direction="down")
    assert f"version {past.model}/1" in states(down), down
    assert relations(down) <= CHAIN


def test_each_sees_what_he_may(past: Past) -> None:
    """Bob may see the model and not the experiment; cyd neither."""
    seen = lineage(past.bob, id=f"models:/{past.model}/1")
    assert list(states(seen)) == [f"version {past.model}/1"] and seen["edges"] == [] and seen["hidden"]
    for who in (past.bob, past.cyd):
        assert who.call("GET", f"{GOVERNANCE}/lineage?kind=run&id={past.run}").status == 403
        for query in ({"kind": "commit", "id": past.commit}, {"kind": "script", "id": "train.py"}):
            answer = lineage(who, **query)
            assert answer["edges"] == [] and len(answer["nodes"]) == 1 and not answer["hidden"]
        assert who.call("GET", f"{GOVERNANCE}/lineage?kind=dataset&id=flowers").status == 404
    hidden = past.cyd.call("GET", f"{GOVERNANCE}/lineage?id=models:/{past.model}/1")
    none = past.cyd.call("GET", f"{GOVERNANCE}/lineage?id=models:/{past.model}x/1")
    assert hidden.status == none.status == 404
    assert hidden.message.replace(past.model, past.model + "x") == none.message


def test_the_command(past: Past) -> None:
    env = {"BAILIWICK_HOST": past.ada.server.url, "BAILIWICK_TOKEN": past.ada.token, "PATH": os.environ["PATH"]}
    command = [past.ada.server.binary, "lineage", f"models:/{past.model}/1", "--up"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert past.commit in done.stdout and "flowers" in done.stdout and "spring" in done.stdout
    assert "ghp_s3cret" not in done.stdout


def test_it_outlives_the_run(past: Past) -> None:
    """Last: the run is deleted and purged, and its version still knows it."""
    before = lineage(past.ada, id=f"models:/{past.model}/1", direction="up")
    past.ada.mlflow("POST", "runs/delete", {"run_id": past.run}).ok()
    assert states(lineage(past.ada, id=f"models:/{past.model}/1"))["run spring"] == "deleted"
    past.ada.call("POST", f"{GOVERNANCE}/runs/purge", {"run_id": past.run}).ok()
    after = lineage(past.ada, id=f"models:/{past.model}/1", direction="up")
    assert relations(after) == relations(before) == CHAIN
    assert next(n for n in after["nodes"] if n["kind"] == "run")["state"] == "purged"
    again = lineage(past.ada, kind="commit", id=past.commit, direction="down")
    assert f"version {past.model}/1" in states(again)
    assert lineage(past.ada, kind="run", id=past.run)["start"] == [f"run:{past.run}"]
