"""kill -9 under load, again and again: what was acknowledged is there, what was not is whole or absent, and the audit trail verifies."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from bailiwick_clients.load import GONE, Logger, Run, check_run
from bailiwick_clients.people import Person, Team
from bailiwick_clients.server import Server

ROUNDS = 6
LOAD_SECONDS = (0.4, 1.6)  # how long a round's load runs before the kill
LOGGERS = 4


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
                for level in self.LEVELS:
                    self.tried = level
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
        levels = [
            p["permission_level"]
            for a in shown
            if a.get("user_name") == self.guest.name
            for p in a["all_permissions"]
            if not p["inherited"]
        ]
        assert levels in ([self.last] if self.last else [], [self.tried] if self.tried else []), (levels, self.last, self.tried)
        may = self.guest.mlflow("GET", f"experiments/get?experiment_id={self.experiment}").status
        assert may == (200 if levels else 403), (may, levels)


def verify(server: Server) -> None:
    done = server.command("audit", "verify", *server.ledger)
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
