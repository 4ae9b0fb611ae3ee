"""A server for each pytest process, and people on it. Suites keep apart by the names of their users and folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("bailiwick_clients")

# Short waits of the clients themselves: a server that makes them retry is a defect here, and should show at once.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MPLBACKEND", "Agg")
# Autologging starts a second Python to find a model's requirements out; given up after this many seconds, it writes down the usual ones.
os.environ.setdefault("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1")

from bailiwick_clients.hidden_model import LEVELS, Registry, make_registry, make_staged  # noqa: E402
from bailiwick_clients.people import Person, Team  # noqa: E402  (after the rewrite above)
from bailiwick_clients.server import Server  # noqa: E402
from bailiwick_clients.victim import Victim, make_victim, snapshot  # noqa: E402

# These need Keycloak, which scripts/with-keycloak starts.
collect_ignore = [] if os.environ.get("BAILIWICK_TEST_KEYCLOAK") else ["test_keycloak.py"]

# What the server must never have written, however it was treated.
DEFECTS = ("panic", "goroutine ", "request failed", "DATA RACE")


@pytest.fixture(scope="session")
def binary() -> str:
    path = os.environ.get("BAILIWICK_TEST_BINARY", "")
    assert path and os.access(path, os.X_OK), "BAILIWICK_TEST_BINARY must name the built program; run the suites by clients/run"
    return path


@pytest.fixture(scope="session")
def server(binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this process. At its end it must stop by itself and have nothing to be ashamed of in its log."""
    running = Server(binary, tmp_path_factory.mktemp("server")).start()
    yield running
    code = running.stop()
    bad = defects(running)
    assert not bad, "the server's log has:\n" + "\n".join(bad)
    assert code == 0, f"the server stopped with {code}:\n{running.tail()}"


def defects(server: Server) -> list[str]:
    """The lines of a server's log that tell of a defect."""
    return [line for line in server.log.read_text(errors="replace").splitlines() if any(word in line for word in DEFECTS)][:20]


@pytest.fixture(scope="session")
def team(server: Server) -> Team:
    return Team(server)


@pytest.fixture(scope="session")
def admin(team: Team) -> Person:
    return team.admin


@pytest.fixture
def user(team: Team) -> Callable[[str], Person]:
    """Makes a user of her own for a test: user("ada")."""
    return team.user


@pytest.fixture(scope="module")
def world(team: Team) -> Iterator[Victim]:
    """Ada's things, which must be at the end of a hostile suite as they were before it."""
    victim = make_victim(team)
    before = snapshot(victim)
    yield victim
    assert snapshot(victim) == before, "somebody changed what he may not change"


@pytest.fixture(scope="module")
def reg(world: Victim, team: Team) -> Iterator[Registry]:
    """Ada's hidden model, which must be at the end of a hostile suite as it was before it."""
    it = make_registry(world, team)
    before = it.seen()
    yield it
    assert it.seen() == before, "somebody changed what he may not change"


@pytest.fixture(scope="module")
def cast(team: Team) -> dict[str, Person]:
    """A person for each level on a registered model."""
    return {level: team.user(level) for level in LEVELS}


@pytest.fixture
def staged(reg: Registry, team: Team, cast: dict[str, Person]) -> str:
    """A model with one version on which everybody of the cast has his level."""
    return make_staged(reg, team, cast)


@pytest.fixture
def other_server(binary: str, tmp_path: Path) -> Iterator[Server]:
    """A server for one test alone, which may be killed; it is not started yet."""
    mine = Server(binary, tmp_path)
    yield mine
    mine.kill()
