"""MLflow's Java client: one test a case of clients/java, each a process of its own, in the ways a person signs in there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from databricks.sdk.service.iam import PermissionLevel

from bailiwick_clients.place import AtPlace, Place

# Those who play, by what the cases call them.
PEOPLE = ("ada", "bob", "rita", "ed")
# The http URI with a token or with name and password; the `databricks` URI with the default profile or a named one.
HTTP_WAYS = ("token", "password")
WAYS = (*HTTP_WAYS, "databricks", "profile")
# A case needs a second; those with artifacts start a Python for each call, perhaps on a machine that does other things too.
SECONDS = 300


def command(*args: str) -> list[str]:
    line = os.environ.get("BAILIWICK_TEST_JAVA", "")
    assert line, "BAILIWICK_TEST_JAVA must hold what scripts/ensure-java prints; run the suites by clients/run"
    return [*shlex.split(line), *args]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        names = subprocess.run(command("list"), check=True, capture_output=True, text=True).stdout.split()
        metafunc.parametrize(("case", "way"), [(name, way) for name in names for way in ways_of(name)])


def ways_of(case: str) -> tuple[str, ...]:
    """Signing in is tried in every way, and the rest with one of each URI: what differs is the server's answer to that."""
    if case == "artifacts-refused":  # slow, and the same by both
        return ("token",)
    return WAYS if case == "sign-in" else ("token", "profile")


class TestJava(AtPlace):
    @pytest.fixture(scope="class")
    @classmethod
    def profiles(cls, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The file of profiles that `databricks configure` writes, with one for each person; the default one is Ada's."""
        path = tmp_path_factory.mktemp("java") / "databrickscfg"
        sections = [("DEFAULT", "ada"), *((name, name) for name in PEOPLE)]
        path.write_text(
            "".join(
                f"[{section}]\nhost = {place.team.server.url}\ntoken = {getattr(place, who).token}\n\n" for section, who in sections
            )
        )
        return path

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, place: Place) -> str:
        """A run of Ada's with the files of a model; this client would start a Python for each."""
        ada = place.ada
        experiment = ada.mlflow("POST", "experiments/create", {"name": f"{place.folder}/trained"}).ok()["experiment_id"]
        run = str(ada.mlflow("POST", "runs/create", {"experiment_id": experiment, "start_time": 1}).ok()["run"]["info"]["run_id"])
        files = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model"
        ada.call("PUT", f"{files}/MLmodel", b"flavors: {}\n").ok()
        ada.call("PUT", f"{files}/data/weights.bin", b"weights").ok()
        return run

    @pytest.fixture(scope="class")
    @classmethod
    def graded(cls, place: Place) -> str:
        """A model of Ada's on which Rita reads, Ed manages staging versions and Bob has nothing; this client sets no permissions."""
        name = "graded"
        place.ada.mlflow("POST", "registered-models/create", {"name": name}).ok()
        found = place.ada.sdk.model_registry.get_model(name).registered_model_databricks
        team, kind = place.team, "registered-models"
        team.grant(kind, found.id, place.rita, PermissionLevel.CAN_READ, by=place.ada)
        team.grant(kind, found.id, place.ed, PermissionLevel.CAN_MANAGE_STAGING_VERSIONS, by=place.ada)
        return name

    @pytest.fixture
    def run(self, place: Place, profiles: Path, trained: str, graded: str, tmp_path: Path) -> Callable[[str, str], str]:
        """Runs one case and gives what it printed."""

        def run(case: str, way: str) -> str:
            uri = place.team.server.url if way in HTTP_WAYS else "databricks"
            given = {
                "SERVER": place.team.server.url,
                "FOLDER": place.folder,
                "MARK": f"{case}-{way}",
                "WAY": way,
                "DATABRICKS_CONFIG_FILE": str(profiles),
                "MLFLOW_TRACKING_URI": uri,
                "MLFLOW_REGISTRY_URI": uri,  # for the Python that it starts, which else asks Unity Catalog
                "MLFLOW_PYTHON_EXECUTABLE": sys.executable,
                **{f"{name.upper()}_NAME": getattr(place, name).name for name in PEOPLE},
                **{f"{name.upper()}_TOKEN": getattr(place, name).token for name in PEOPLE},
                "RUN": trained,
                "GRADED": graded,
            }
            done = subprocess.run(
                command(case), env=os.environ | given, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
            )
            assert done.returncode == 0, f"{case} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            return done.stdout

        return run

    def test_case(self, run: Callable[[str, str], str], case: str, way: str) -> None:
        assert run(case, way).endswith(f"ok {case}\n")
