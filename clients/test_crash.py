"""kill -9 under load, again and again: what was acknowledged is there, what was not is whole or absent, and the audit trail verifies."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import requests
from bailiwick_clients.people import Person, Team
from bailiwick_clients.server import Server

ROUNDS = 6
LOAD_SECONDS = (0.4, 1.6)  # how long a round's load runs before the kill
LOGGERS = 4
BATCH = 50
LARGE = 6 << 20
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
    """Logs runs one after the other until the server goes, and remembers what it was told."""

    def __init__(self, who: Person, experiment: str, large: bool) -> None:
        super().__init__(daemon=True)
        self.who, self.experiment, self.large = who, experiment, large
        self.runs: list[Run] = []
        self.wrong = ""

    def run(self) -> None:
        try:
            while True:
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
            self._post("runs/log-batch", {"run_id": run.id, "metrics": [
                {"key": key, "value": i, "timestamp": i, "step": i} for i in range(BATCH)]})
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


class Granter(threading.Thread):
    """Gives and takes one level after the other, and remembers the last that was acknowledged and the one after it."""

    LEVELS = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE", "")

    def __init__(self, owner: Person, guest: Person, experiment: str) -> None:
        super().__init__(daemon=True)
        self.owner, self.guest, self.experiment = owner, guest, experiment
        self.last = self.tried = ""
        self.wrong = ""

    def run(self) -> None:
        try:
            while True:
                for self.tried in self.LEVELS:
                    acl = [{"user_name": self.guest.name, "permission_level": self.tried}] if self.tried else []
                    answer = self.owner.call("PUT", f"/api/2.0/permissions/experiments/{self.experiment}", {"access_control_list": acl})
                    assert answer.status == 200, answer
                    self.last = self.tried
        except GONE:
            return
        except AssertionError as error:
            self.wrong = str(error)

    def check(self) -> None:
        shown = self.owner.call("GET", f"/api/2.0/permissions/experiments/{self.experiment}").ok()["access_control_list"]
        levels = [p["permission_level"] for a in shown if a.get("user_name") == self.guest.name for p in a["all_permissions"] if not p["inherited"]]
        assert levels in ([self.last] if self.last else [], [self.tried] if self.tried else []), (levels, self.last, self.tried)
        may = self.guest.mlflow("GET", f"experiments/get?experiment_id={self.experiment}").status
        assert may == (200 if levels else 403), (may, levels)


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


def verify(server: Server) -> None:
    done = server.command("audit", "verify", *server.place)
    assert done.returncode == 0, done.stdout + done.stderr


def round_of(server: Server, make: Callable[[], list[Logger | Granter]]) -> list[Logger | Granter]:
    """One round of load, ended by kill -9."""
    threads = make()
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(*LOAD_SECONDS))
    server.kill()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive() and not thread.wrong, thread.wrong
    return threads


def test_nothing_acknowledged_is_lost(other_server: Server) -> None:
    server = other_server.start()
    team = Team(server)
    ada, guest = team.user("ada"), team.user("guest")
    experiment, granted = (ada.mlflow("POST", "experiments/create", {"name": n}).ok()["experiment_id"] for n in ("load", "granted"))
    loggers: list[Logger] = []

    def load() -> list[Logger | Granter]:
        return [*(Logger(ada, experiment, large=i == 0) for i in range(LOGGERS)), Granter(ada, guest, granted)]

    for number in range(ROUNDS):
        threads = round_of(server, load)
        verify(server)
        server.start()
        for thread in threads:
            if isinstance(thread, Granter):
                thread.check()
                continue
            loggers.append(thread)
            for run in thread.runs:
                check_run(ada, experiment, run)
        assert any(run.metrics for logger in loggers for run in logger.runs), f"round {number} logged nothing"

    acknowledged = [run for logger in loggers for run in logger.runs]
    check_all(ada, experiment, acknowledged)
    server.stop()
    verify(server)


def check_all(who: Person, experiment: str, runs: list[Run]) -> None:
    """After all rounds: every run is found by search, none twice."""
    found: list[str] = []
    token = ""
    while True:
        page = who.mlflow("POST", "runs/search", {"experiment_ids": [experiment], "max_results": 500, "page_token": token}).ok()
        found += [r["info"]["run_id"] for r in page.get("runs", [])]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert len(found) == len(set(found))
    assert {r.id for r in runs} <= set(found)
