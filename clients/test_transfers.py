"""Large files, in parts and piece by piece, with the unmodified MLflow client and the unmodified Databricks SDK."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service.iam import PermissionLevel
from mlflow.store.artifact.databricks_artifact_repo import DatabricksArtifactRepository
from mlflow.tracking import MlflowClient

from bailiwick_clients.acting import DATABRICKS, HTTP, acting
from bailiwick_clients.people import Person, Team, entry
from bailiwick_clients.refusals import refused
from bailiwick_clients.server import Server

MIB = 1 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """72 MiB that do not repeat, and an end that fills no part."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    with path.open("wb") as out:
        for block in range(72):
            out.write(hashlib.sha256(str(block).encode()).digest() * (MIB // 32))
        out.write(b"the end")
    return path


def digest(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the client's own HTTP library is asked for during a test, methods and paths."""
    seen: list[str] = []
    send = requests.Session.send

    def note(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        seen.append(f"{request.method} {request.path_url}")
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", note)
    return seen


def count(calls: list[str], part: str) -> int:
    return sum(part in call for call in calls)


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


class TestMLflow:
    """MLflow's client, which sends files of a size in parts."""

    @pytest.fixture(autouse=True)
    def sizes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(20 * MIB))
        monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(10 * MIB))

    def test_http(self, ada: Person, large: Path, tmp_path: Path, calls: list[str]) -> None:
        """Nothing is switched on: the client asks the server whether it takes parts."""
        with acting(ada, HTTP) as client:
            run = client.create_run(client.create_experiment(f"{ada.home}/http")).info.run_id
            client.log_artifact(run, str(large), "deep/in")
            assert (count(calls, "/mpu/create/"), count(calls, "PUT /api/governance/1.0/upload/parts/"), count(calls, "/mpu/complete/")) == (1, 8, 1)
            assert [a.file_size for a in client.list_artifacts(run, "deep/in")] == [large.stat().st_size]
            assert digest(Path(client.download_artifacts(run, "deep/in/large.bin", str(tmp_path)))) == digest(large)

    def test_parallel_download(self, ada: Person, large: Path, tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
        monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(10 * MIB))
        with acting(ada, HTTP) as client:
            run = client.create_run(client.create_experiment(f"{ada.home}/ranges")).info.run_id
            client.log_artifact(run, str(large))
            assert digest(Path(client.download_artifacts(run, "large.bin", str(tmp_path)))) == digest(large)
            assert count(calls, "GET /api/governance/1.0/transfer/") == 8

    def test_a_reader_sends_nothing(self, ada: Person, team: Team, large: Path) -> None:
        rita = team.user("rita")
        with acting(ada, HTTP) as client:
            experiment = client.create_experiment(f"{ada.home}/read")
            run = client.create_run(experiment).info.run_id
        ada.sdk.permissions.update("experiments", experiment, access_control_list=[entry(rita, PermissionLevel.CAN_READ)])
        with acting(rita, HTTP) as client:
            refused(lambda: client.log_artifact(run, str(large)))
            assert client.list_artifacts(run) == []

    def test_databricks(self, ada: Person, large: Path, tmp_path: Path, calls: list[str]) -> None:
        """The client's own multipart upload over the tracking API, which it uses where the SDK is not to be had."""
        with acting(ada, DATABRICKS) as client:
            run = client.create_run(client.create_experiment(f"{ada.home}/databricks"))
            repo = DatabricksArtifactRepository(run.info.artifact_uri)
            repo.log_artifact(str(large), "d")
            assert (count(calls, "create-multipart-upload"), count(calls, "/upload/parts/")) == (1, 8)
            back = tmp_path / "back.bin"
            repo._download_from_cloud("d/large.bin", str(back))
            assert digest(back) == digest(large)

    def test_a_logged_model(self, ada: Person, large: Path, calls: list[str]) -> None:
        with acting(ada, DATABRICKS) as client:
            experiment = client.create_experiment(f"{ada.home}/model")
            model = mlflow.initialize_logged_model("big", experiment_id=experiment)
            DatabricksArtifactRepository(model.artifact_location).log_artifact(str(large))
            assert count(calls, "complete-multipart-upload") == 1
            assert [a.file_size for a in client.list_logged_model_artifacts(model.model_id)] == [large.stat().st_size]


def files(who: Person, url: str = "", **config: Any) -> WorkspaceClient:
    """The SDK with parts small enough for a test; its own settings, nothing of it changed."""
    return WorkspaceClient(config=Config(host=url or who.server.url, token=who.token, retry_timeout_seconds=20,
                                         files_ext_multipart_upload_min_stream_size=8 * MIB, **config))


@pytest.fixture
def folder(ada: Person) -> str:
    experiment = ada.mlflow("POST", "experiments/create", {"name": f"{ada.home}/files"}).ok()["experiment_id"]
    run = ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
    return f"/WorkspaceInternal/Mlflow/Artifacts/{experiment}/Runs/{run}/artifacts"


class TestFiles:
    """The SDK's Files API."""

    @pytest.mark.parametrize("parallel", [True, False])
    def test_in_parts(self, ada: Person, folder: str, large: Path, tmp_path: Path, calls: list[str], parallel: bool) -> None:
        w = files(ada)
        w.files.upload_from(f"{folder}/big.bin", str(large), overwrite=True, part_size=10 * MIB, use_parallel=parallel)
        assert count(calls, "PUT /api/governance/1.0/upload/parts/") == 8
        w.files.download_to(f"{folder}/big.bin", str(tmp_path / "back"), use_parallel=parallel)
        assert digest(tmp_path / "back") == digest(large)

    def test_a_stream_without_a_size(self, ada: Person, folder: str, large: Path, tmp_path: Path) -> None:
        class Pipe:
            """Bytes that come once."""

            def __init__(self, path: Path) -> None:
                self.file = path.open("rb")
                self.read: Callable[[int], bytes] = self.file.read

            def seekable(self) -> bool:
                return False

        w = files(ada)
        w.files.upload(f"{folder}/piped.bin", Pipe(large), overwrite=True, part_size=16 * MIB)  # type: ignore[arg-type]
        w.files.download_to(f"{folder}/piped.bin", str(tmp_path / "back"))
        assert digest(tmp_path / "back") == digest(large)

    def test_cut_off_in_parts(self, ada: Person, folder: str, large: Path, tmp_path: Path, cut: Cut) -> None:
        """Two parts lose their connection in the middle: the client sends them again."""
        cut.on = {2: "PUT /api/governance/1.0/upload/parts/", 5: "PUT /api/governance/1.0/upload/parts/"}
        files(ada, cut.url).files.upload_from(f"{folder}/cut.bin", str(large), part_size=10 * MIB, parallelism=2)
        assert not cut.on
        files(ada).files.download_to(f"{folder}/cut.bin", str(tmp_path / "back"))
        assert digest(tmp_path / "back") == digest(large)


class TestResumable:
    """The SDK on a server that takes files one piece after the other."""

    def test_cut_off_and_resumed(self, binary: str, large: Path, tmp_path: Path, calls: list[str]) -> None:
        server = Server(binary, tmp_path, flags=["--artifacts-resumable=true"]).start()
        try:
            ada = Team(server).user("ada")
            experiment = ada.mlflow("POST", "experiments/create", {"name": f"{ada.home}/files"}).ok()["experiment_id"]
            run = ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
            file = f"/WorkspaceInternal/Mlflow/Artifacts/{experiment}/Runs/{run}/artifacts/big.bin"
            with cutting(server.port) as cut:
                cut.on = {3: "PUT /api/governance/1.0/upload/resumable/"}
                files(ada, cut.url).files.upload_from(file, str(large), part_size=10 * MIB)
                assert not cut.on
            assert count(calls, "/upload/resumable/") >= 9  # eight pieces, and the question after the one that was cut off
            files(ada).files.download_to(file, str(tmp_path / "back"))
            assert digest(tmp_path / "back") == digest(large)
        finally:
            assert server.stop() == 0


class Cut:
    """A proxy that breaks chosen requests off in the middle of their bodies."""

    def __init__(self, port: int) -> None:
        self.on: dict[int, str] = {}  # the how-manieth request of that beginning
        self.seen = 0
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if proxy.breaks(f"{self.command} {self.path}"):
                    self.half(body)
                    self.close_connection = True
                    self.connection.close()
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
                got = requests.request(self.command, f"http://127.0.0.1:{port}{self.path}", data=body, headers=headers,
                                       allow_redirects=False, timeout=60)
                self.send_response(got.status_code)
                for name, value in got.headers.items():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(got.content)))
                self.end_headers()
                self.wfile.write(got.content)

            def half(self, body: bytes) -> None:
                """Half of a body reaches the server, and the connection ends."""
                import socket

                with socket.create_connection(("127.0.0.1", port)) as to:
                    head = [f"{self.command} {self.path} HTTP/1.1"] + [f"{k}: {v}" for k, v in self.headers.items()]
                    to.sendall("\r\n".join([*head, "", ""]).encode() + body[: len(body) // 2])

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def breaks(self, request: str) -> bool:
        with self.lock:
            if not any(request.startswith(start) for start in self.on.values()):
                return False
            self.seen += 1
            return self.on.pop(self.seen, None) is not None

    def __enter__(self) -> Cut:
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()


def cutting(port: int) -> Cut:
    return Cut(port)


@pytest.fixture
def cut(server: Server) -> Iterator[Cut]:
    with cutting(server.port) as proxy:
        yield proxy
