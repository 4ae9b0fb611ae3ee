"""Load that remembers what it was told, and the checks that hold a server to it."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import threading
from dataclasses import dataclass, field
from urllib.parse import quote

import requests

from .people import Person

BATCH = 50  # metrics of one log-batch
LARGE = 6 << 20  # bytes of a large artifact
GONE = (OSError, http.client.HTTPException, requests.RequestException)


@dataclass
class Run:
    """One run as its client remembers it."""

    id: str
    metrics: dict[int, float] = field(default_factory=dict)  # acknowledged points of "loss", by step
    tried: dict[int, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    batches: set[str] = field(default_factory=set)  # keys of acknowledged batches
    tried_batches: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)  # acknowledged artifacts: path to digest
    tried_files: dict[str, str] = field(default_factory=dict)


class Logger(threading.Thread):
    """Logs runs one after the other until the server goes or it is enough, and remembers what it was told."""

    def __init__(self, who: Person, experiment: str, large: bool) -> None:
        super().__init__(daemon=True)
        self.who, self.experiment, self.large = who, experiment, large
        self.runs: list[Run] = []
        self.wrong = ""
        self.enough = False

    def run(self) -> None:
        try:
            while not self.enough:
                self._one()
        except GONE:
            return
        except AssertionError as error:
            self.wrong = str(error)

    def _one(self) -> None:
        made = self._post("runs/create", {"experiment_id": self.experiment, "start_time": 1})
        run = Run(made["run"]["info"]["run_id"])
        self.runs.append(run)
        for step in range(6):
            run.tried[step] = step / 7
            self._post("runs/log-metric", {"run_id": run.id, "key": "loss", "value": step / 7, "timestamp": step, "step": step})
            run.metrics[step] = step / 7
            self._post("runs/log-parameter", {"run_id": run.id, "key": f"p{step}", "value": str(step)})
            run.params[f"p{step}"] = str(step)
            key = f"batch{step}"
            run.tried_batches.add(key)
            self._post(
                "runs/log-batch", {"run_id": run.id, "metrics": [{"key": key, "value": i, "timestamp": i, "step": i} for i in range(BATCH)]}
            )
            run.batches.add(key)
            self._upload(run, f"out/{step}.bin")

    def _upload(self, run: Run, path: str) -> None:
        content = os.urandom(LARGE if self.large else random.randint(0, 40_000))
        run.tried_files[path] = hashlib.sha256(content).hexdigest()
        answer = self.who.call("PUT", f"{proxy(self.experiment, run.id)}/{path}", content)
        assert answer.status == 200, answer
        run.files[path] = run.tried_files[path]

    def _post(self, path: str, body: dict[str, object]) -> dict[str, dict[str, dict[str, str]]]:
        answer = self.who.mlflow("POST", path, body)
        assert answer.status == 200, answer
        return answer.json


def proxy(experiment: str, run: str) -> str:
    return f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts"


def check_run(who: Person, experiment: str, run: Run) -> None:
    """Holds a run to what its client remembers."""
    got = who.mlflow("GET", f"runs/get?run_id={run.id}").ok()["run"]
    params = {p["key"]: p["value"] for p in got["data"].get("params", [])}
    assert run.params.items() <= params.items(), (run, params)
    history = points(who, run.id, "loss")
    assert run.metrics.items() <= history.items() <= run.tried.items(), (run.metrics, history, run.tried)
    for key in run.tried_batches:
        count = len(points(who, run.id, key))
        assert count == BATCH or count == 0 and key not in run.batches, (key, count)
    check_files(who, experiment, run)


def points(who: Person, run: str, key: str) -> dict[int, float]:
    answer = who.mlflow("GET", f"metrics/get-history?run_id={run}&metric_key={key}").ok()
    return {int(m.get("step", 0)): m["value"] for m in answer.get("metrics", [])}


def check_files(who: Person, experiment: str, run: Run) -> None:
    listed = who.call("GET", f"/api/2.0/mlflow-artifacts/artifacts?path={quote(f'{experiment}/{run.id}/artifacts/out')}").ok()
    names = {"out/" + f["path"].rsplit("/", 1)[-1] for f in listed.get("files", [])}
    assert set(run.files) <= names <= set(run.tried_files), (names, run)
    for name in names:
        content = who.call("GET", f"{proxy(experiment, run.id)}/{name}").body
        assert hashlib.sha256(content).hexdigest() == run.tried_files[name], f"{name} of run {run.id} is half-written"
