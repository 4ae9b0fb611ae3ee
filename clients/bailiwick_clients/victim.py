"""Somebody whose things others try to get at, and what every answer to a bad or hostile request must be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .people import Person, Team
from .server import Answer, Server

MLFLOW = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
FILES = "/api/2.0/fs/files"
SECRET = b"ada's own words"

# Parts of a stack trace or of an error of ours, the databases or the system that callers have no business with.
INSIDES = re.compile(
    rb"goroutine|panic:|\.go:\d+|Traceback|SQLSTATE|sqlite|SELECT .+ FROM|INSERT INTO|no such file or directory|/tmp/|<html", re.IGNORECASE
)


def clean(answer: Answer) -> Answer:
    """Holds one answer to what every answer must be."""
    assert answer.status < 500 or answer.status == 501 and answer.code in ("NOT_IMPLEMENTED", ""), answer  # no body, no code: HEAD
    assert not INSIDES.search(answer.body), answer
    if answer.status >= 400 and answer.body:
        assert answer.headers.get("Content-Type", "").startswith(("application/json", "application/scim+json")), answer.headers
        assert isinstance(answer.json, dict), answer
        assert answer.code or answer.json.get("schemas"), answer
    return answer


def bad(answer: Answer, status: int | tuple[int, ...] = 400) -> Answer:
    """Holds an answer that must be a client's error."""
    allowed = status if isinstance(status, tuple) else (status,)
    assert clean(answer).status in allowed, answer
    return answer


REFUSED = (400, 403, 404)


@dataclass(frozen=True)
class Victim:
    """Ada's experiment, run and model, and Mallory, who may use the server but nothing of hers."""

    server: Server
    ada: Person
    mallory: Person
    experiment: str
    run: str
    model: str
    his_experiment: str
    his_run: str

    @property
    def artifacts(self) -> str:
        return f"{PROXY}/{self.experiment}/{self.run}/artifacts"


def make_victim(team: Team) -> Victim:
    """Ada with an experiment, a run, a model and two secret files, and Mallory with an experiment and a run of his own."""
    ada, mallory = team.user("ada"), team.user("mallory")
    ids = []
    for who in (ada, mallory):
        experiment = who.mlflow("POST", "experiments/create", {"name": f"{who.home}/secret"}).ok()["experiment_id"]
        run = who.mlflow("POST", "runs/create", {"experiment_id": experiment, "start_time": 1}).ok()["run"]["info"]["run_id"]
        ids += [experiment, run]
    experiment, run, his_experiment, his_run = ids
    ada.mlflow("POST", "runs/log-metric", {"run_id": run, "key": "loss", "value": 1, "timestamp": 1}).ok()
    ada.call("PUT", f"{PROXY}/{experiment}/{run}/artifacts/secret.txt", SECRET).ok()
    model = ada.mlflow("POST", "logged-models", {"experiment_id": experiment, "name": "m"}).ok()["model"]["info"]["model_id"]
    ada.call("PUT", f"{PROXY}/{experiment}/models/{model}/artifacts/secret.txt", SECRET).ok()
    return Victim(team.server, ada, mallory, experiment, run, model, his_experiment, his_run)


def snapshot(it: Victim) -> tuple[Any, ...]:
    """What Ada has, as she sees it."""
    run = it.ada.mlflow("GET", f"runs/get?run_id={it.run}").ok()["run"]
    listed = it.ada.call("GET", f"{PROXY}?path={it.experiment}/{it.run}/artifacts").ok()
    content = it.ada.call("GET", f"{it.artifacts}/secret.txt").body
    model = it.ada.mlflow("GET", f"logged-models/{it.model}").ok()["model"]
    return run["data"], run.get("inputs"), run["info"]["lifecycle_stage"], listed, content, model["info"].get("status")
