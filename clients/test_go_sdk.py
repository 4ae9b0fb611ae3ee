"""The Databricks SDK for Go: each test of clients/gosdk as a process of its own against this process's server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bailiwick_clients.place import AtPlace, Place

PEOPLE = ("ada", "bob", "rita", "ed")
SECONDS = 120


def program() -> str:
    path = os.environ.get("BAILIWICK_TEST_GO_SDK", "")
    assert path, "BAILIWICK_TEST_GO_SDK must name what scripts/ensure-go-sdk builds; run the suites by clients/run"
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", subprocess.run([program(), "-test.list", "."], check=True, capture_output=True, text=True).stdout.split())


class TestGoSDK(AtPlace):
    def test_case(self, place: Place, tmp_path: Path, case: str) -> None:
        admin = place.team.admin
        given = {
            "SERVER": place.team.server.url,
            "FOLDER": place.folder,
            "ADMIN_NAME": admin.name,
            "ADMIN_TOKEN": admin.token,
            **{f"{name.upper()}_NAME": getattr(place, name).name for name in PEOPLE},
            **{f"{name.upper()}_TOKEN": getattr(place, name).token for name in PEOPLE},
        }
        done = subprocess.run(
            [program(), "-test.run", f"^{case}$", "-test.v"],
            env=os.environ | given,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{case} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        assert f"--- PASS: {case} " in done.stdout, done.stdout
