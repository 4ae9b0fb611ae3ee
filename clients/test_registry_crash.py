"""kill -9 in the middle of copying a version from elsewhere, and other bad ends of a copy: no half version is ever to be seen, and what is
made in the end is what lay at the source."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Server

BIG = 300 << 20  # bytes; its copy takes long enough to be caught in the middle
CAUGHT = 16 << 20  # how many bytes are written when the server is killed, at least
SECONDS = 240  # on PostgreSQL a copy is taken over two minutes after its holder's last sign of life
MODEL = "outside"


@dataclass
class Outside:
    """A server that may read a folder of this machine, and Ada's run with files there."""

    server: Server
    ada: Person
    folder: Path
    run: str

    def write(self, name: str, size: int, text: bytes = b"") -> None:
        """Writes a file with holes: bytes only at its beginning and its end."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as f:
            f.write(text or name.encode())
            f.truncate(size)
            f.seek(size - 1)
            f.write(b"!")

    def register(self, path: str = "model") -> str:
        """Makes a version of what is at the path of the run, and gives its number."""
        made = self.ada.mlflow("POST", "model-versions/create", {"name": MODEL, "source": f"runs:/{self.run}/{path}", "run_id": self.run}).ok()
        assert made["model_version"]["status"] == "PENDING_REGISTRATION", made
        return str(made["model_version"]["version"])

    def version(self, number: str) -> dict[str, Any]:
        return dict(self.ada.mlflow("GET", f"model-versions/get?name={MODEL}&version={number}").ok()["model_version"])

    def manifest(self, number: str) -> dict[str, Any]:
        return dict(self.ada.call("GET", f"{GOVERNANCE}/models/{MODEL}/versions/{number}/manifest").ok())

    def written(self) -> int:
        """How many bytes are in the store, finished or not."""
        total = 0
        for path, _, names in os.walk(self.server.data / "artifacts"):
            for name in names:
                try:
                    total += os.lstat(os.path.join(path, name)).st_size
                except FileNotFoundError:  # it was finished meanwhile
                    continue
        return total

    def nothing_to_see(self, number: str) -> None:
        """Holds a version that is not copied yet to have nothing of which anybody could load half."""
        shown = self.manifest(number)
        if shown["status"] != "PENDING_REGISTRATION":
            return
        assert (shown["digest"], shown["files"], shown["size"]) == ("", [], 0), shown
        listed = self.ada.mlflow("GET", f"model-versions/list-artifacts?name={MODEL}&version={number}")
        uri = self.ada.mlflow("GET", f"model-versions/get-download-uri?name={MODEL}&version={number}")
        read = self.ada.call("GET", f"/api/2.0/mlflow-artifacts/artifacts/model-registry/{MODEL}/{number}/weights.bin", headers={"Range": "bytes=0-9"})
        if self.manifest(number)["status"] == "PENDING_REGISTRATION":  # not finished between the questions
            assert not (listed.json or {}).get("files") and uri.status >= 400 and read.status >= 400, (listed, uri, read)

    def await_status(self, number: str, *wanted: str) -> dict[str, Any]:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            self.nothing_to_see(number)
            shown = self.version(number)
            if shown["status"] in wanted:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{shown} is none of {wanted}\n{self.server.tail()}")

    def catch(self, before: int) -> None:
        """Waits until a copy is in its middle."""
        until = time.monotonic() + 60
        while (wrote := self.written() - before) < CAUGHT:
            if time.monotonic() > until:
                free = shutil.disk_usage(self.server.data).free
                raise AssertionError(f"the copy did not begin: {wrote} bytes written, {free} bytes free on the disk\n{self.server.tail()}")
            time.sleep(0.003)


@pytest.fixture
def outside(binary: str, tmp_path: Path) -> Iterator[Outside]:
    root = tmp_path / "outside"
    root.mkdir()
    mine = Server(binary, tmp_path, flags=["--artifact-prefixes", f"file://{root}"]).start()
    ada = Team(mine).user("ada")
    experiment = ada.mlflow("POST", "experiments/create", {"name": "own", "artifact_location": f"file://{root}/own"}).ok()["experiment_id"]
    run = ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
    ada.mlflow("POST", "registered-models/create", {"name": MODEL}).ok()
    yield Outside(mine, ada, root / "own" / run / "artifacts" / "model", run)
    mine.kill()


def test_killed_in_the_middle(outside: Outside, tmp_path: Path) -> None:
    o = outside
    o.write("MLmodel", 100)
    o.write("weights.bin", BIG)
    o.write("z/last", 5000)
    before = o.written()
    number = o.register()
    o.catch(before)
    o.server.kill()
    assert o.written() - before < BIG, "the kill came too late to be in the middle"

    o.server.start()
    assert o.version(number)["status"] in ("PENDING_REGISTRATION", "READY")
    o.await_status(number, "READY")
    assert_copied(o, number, tmp_path / "copy")
    if not o.server.database:  # on PostgreSQL another server may be at what lies there
        assert sum(f.stat().st_size for f in (o.server.data / "artifacts").rglob("tmp/*")) == 0, "what the killed copy had begun is still there"
        assert o.written() - before <= BIG + 5100 + 4096, "bytes were kept twice"
    assert o.server.stop() == 0
    done = o.server.command("audit", "verify", *o.server.ledger)
    assert done.returncode == 0, done.stdout + done.stderr


def assert_copied(o: Outside, number: str, copy: Path) -> None:
    """Downloads a version, and checks it with sha256sum against its manifest, its digest, and what is at the source."""
    shown = o.manifest(number)
    lines = "".join(f"{f['sha256']}  {f['path']}\n" for f in shown["files"])
    assert hashlib.sha256(lines.encode()).hexdigest() == shown["digest"]
    assert shown["size"] == sum(f["size"] for f in shown["files"])
    for f in shown["files"]:
        answer = o.ada.call("GET", f"/api/2.0/mlflow-artifacts/artifacts/model-registry/{MODEL}/{number}/{f['path']}", timeout=120)
        assert answer.status == 200 and len(answer.body) == f["size"]
        (copy / f["path"]).parent.mkdir(parents=True, exist_ok=True)
        (copy / f["path"]).write_bytes(answer.body)
    for place in (copy, o.folder):
        checked = subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], cwd=place, input=lines, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, (place, checked.stdout, checked.stderr)
    assert {f["path"] for f in shown["files"]} == {str(p.relative_to(o.folder)) for p in o.folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("what", ["version", "model"])
def test_deleted_in_the_middle(outside: Outside, what: str) -> None:
    """What is deleted stays so, and a new model of its name begins with nothing."""
    o = outside
    o.write("weights.bin", BIG)
    before = o.written()
    number = o.register()
    o.catch(before)
    path = f"model-versions/delete?name={MODEL}&version={number}" if what == "version" else f"registered-models/delete?name={MODEL}"
    o.ada.mlflow("DELETE", path).ok()
    if what == "model":
        o.ada.mlflow("POST", "registered-models/create", {"name": MODEL}).ok()
    assert o.ada.mlflow("GET", f"model-versions/get?name={MODEL}&version={number}").status == 404
    (o.folder / "weights.bin").unlink()
    o.write("small", 10)
    again = o.register()  # it waits its turn behind the other one
    assert again == ("2" if what == "version" else "1")
    o.await_status(again, "READY")
    assert [f["path"] for f in o.manifest(again)["files"]] == ["small"]
    if what == "version":
        assert o.ada.mlflow("GET", f"model-versions/get?name={MODEL}&version={number}").status == 404


def test_a_source_that_goes_away(outside: Outside) -> None:
    """The files that are gone when their turn comes make the version fail, with the reason."""
    o = outside
    o.write("a", BIG)
    o.write("b", 10)
    before = o.written()
    number = o.register()
    o.catch(before)
    (o.folder / "b").unlink()
    shown = o.await_status(number, "READY", "FAILED_REGISTRATION")
    assert shown["status"] == "FAILED_REGISTRATION" and '"b"' in shown["status_message"], shown
    answer = o.ada.mlflow("GET", f"model-versions/get-download-uri?name={MODEL}&version={number}")
    assert answer.status == 400 and answer.code == "INVALID_STATE", answer
    for stage in ("Staging", "Production"):
        moved = o.ada.mlflow("POST", "model-versions/transition-stage", {"name": MODEL, "version": number, "stage": stage})
        assert moved.status == 400 and "no bytes" in moved.message, moved
    assert o.manifest(number)["files"] == []


def test_a_source_that_changes(outside: Outside) -> None:
    """A file that has another size than it had is copied anew, with all others."""
    o = outside
    o.write("a", BIG)
    o.write("b", 10)
    before = o.written()
    number = o.register()
    o.catch(before)
    o.write("b", 20)
    o.await_status(number, "READY")
    shown = o.manifest(number)
    assert {f["path"]: f["size"] for f in shown["files"]} == {"a": BIG, "b": 20}
    wanted = {p: hashlib.sha256((o.folder / p).read_bytes()).hexdigest() for p in ("a", "b")}
    assert {f["path"]: f["sha256"] for f in shown["files"]} == wanted
