"""A backup of a server that works on, and what a new server makes of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bailiwick_clients.load import Logger, check_run
from bailiwick_clients.people import Person, Team
from bailiwick_clients.server import Server


@pytest.fixture
def sqlite(binary: str, tmp_path: Path) -> Server:
    """A server on SQLite, whatever the run is for: PostgreSQL has its own tools for backups."""
    (tmp_path / "first").mkdir()
    return Server(binary, tmp_path / "first", database="")


@pytest.mark.parametrize("to", ["folder", "backup.tar"])
def test_there_and_back(sqlite: Server, binary: str, tmp_path: Path, to: str) -> None:
    sqlite.start()
    try:
        logger, experiment = _load(sqlite, tmp_path / to)
    finally:
        sqlite.kill()

    (tmp_path / "second").mkdir()
    second = Server(binary, tmp_path / "second", database="")
    _done(second, "restore", "--from", str(tmp_path / to), "--data", str(second.data))
    _done(second, "doctor", "--data", str(second.data), "--deep")
    second.start()
    try:
        ada = Person(second, logger.who.name, logger.who.id, logger.who.token)
        before = [run for run in logger.runs[: logger.mark] if len(run.files) == 6]
        assert before, "nothing was logged before the backup"
        for run in before:
            check_run(ada, experiment, run)
        assert ada.call("GET", "/api/2.0/preview/scim/v2/Me").ok()["userName"] == ada.name
        ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()
        assert second.stop() == 0
        _done(second, "audit", "verify", *second.ledger)
    finally:
        second.kill()


class _Marked(Logger):
    mark = 0  # how many runs were begun when the backup began


def _load(server: Server, to: Path) -> tuple[_Marked, str]:
    """Logs runs, and takes a backup in the midst of it."""
    ada = Team(server).user("ada")
    experiment = ada.mlflow("POST", "experiments/create", {"name": "load"}).ok()["experiment_id"]
    logger = _Marked(ada, experiment, large=False)
    logger.start()
    time.sleep(0.7)
    logger.mark = len(logger.runs) - 1  # the last one is not finished
    _done(server, "backup", "--data", str(server.data), "--to", str(to), "--with-key")
    time.sleep(0.2)
    logger.enough = True
    logger.join(30)
    assert not logger.wrong, logger.wrong
    return logger, experiment


def _done(server: Server, *command: str) -> None:
    done = server.command(*command)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
