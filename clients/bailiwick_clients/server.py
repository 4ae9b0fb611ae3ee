"""Starts, kills and restarts one real server on loopback."""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from . import postgres

START_SECONDS = 60  # a loaded machine and an empty PostgreSQL; a quiet one needs well below one second
STOP_SECONDS = 30


def free_port() -> int:
    """Gives a port below the range of outgoing connections, so that none of ours takes it before the server does."""
    for _ in range(200):
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 32000")


@dataclass
class Answer:
    """What the server said to one plain HTTP request."""

    status: int
    headers: Mapping[str, str]  # without regard to letter case
    body: bytes
    json: Any = None

    @property
    def code(self) -> str:
        """The protocol's error code, or ''."""
        return str(self.json.get("error_code", "")) if isinstance(self.json, dict) else ""

    @property
    def message(self) -> str:
        return str(self.json.get("message", "")) if isinstance(self.json, dict) else ""

    def ok(self) -> Any:
        """Gives the decoded body of an answer that must be a success."""
        assert self.status < 300, f"{self.status} {self.body[:600]!r}"
        return self.json

    def __str__(self) -> str:
        return f"{self.status} {self.body[:600].decode('utf-8', 'replace')}"


@dataclass
class Server:
    """One server with its own data folder and, on PostgreSQL, its own schema."""

    binary: str
    folder: Path
    flags: list[str] = field(default_factory=list)
    admin_token: str = field(default_factory=lambda: "dapi" + secrets.token_hex(24))
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    database: str | None = None  # None: as the test run says; "": SQLite

    def __post_init__(self) -> None:
        if self.database is None:
            self.database = postgres.new_schema()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def place(self) -> list[str]:
        """The flags that say where this server keeps its things."""
        return ["--data", str(self.data), *(["--database", self.database] if self.database else [])]

    @property
    def ledger(self) -> list[str]:
        """The flags of `audit verify` for this server's ledger."""
        return ["--database", self.database] if self.database else ["--data", str(self.data)]

    def start(self) -> Server:
        """Starts the server, on the port it had before if there was one, and waits until it answers."""
        for _ in range(5):  # another process may take a free port in between
            if self._launch(self.port or free_port()):
                return self
        raise RuntimeError(f"the server did not start:\n{self.tail()}")

    def _launch(self, port: int) -> bool:
        env = {k: v for k, v in os.environ.items() if not k.startswith("BAILIWICK_")} | {"BAILIWICK_ADMIN_TOKEN": self.admin_token}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--listen", f"127.0.0.1:{port}", *self.place, *self.flags],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            if self._answers(port):
                self.port = port
                return True
            time.sleep(0.02)
        self.kill()
        return False

    @staticmethod
    def _answers(port: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> int:
        """Stops the server as an operator does, and gives its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Takes the process away as a power cut would: nothing of it runs on."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def command(self, *args: str, token: str = "", timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs a command of the program, as the owner of token where one is given."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BAILIWICK_", "MLFLOW_", "DATABRICKS_"))}
        if token:
            env |= {"BAILIWICK_HOST": self.url, "BAILIWICK_TOKEN": token}
        return subprocess.run([self.binary, *args], env=env, capture_output=True, text=True, timeout=timeout, check=False)

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = "", headers: dict[str, str] | None = None, timeout: float = 30
    ) -> Answer:
        """Sends one request exactly as given: no client library straightens the path or the body. token '' is the administrator's, None
        sends none. body is bytes, or a value that is sent as JSON."""
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token or self.admin_token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return _answer(response.status, CaseInsensitiveDict(response.getheaders()), response.read())
        finally:
            connection.close()


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    try:
        return Answer(status, headers, body, json.loads(body))
    except ValueError:
        return Answer(status, headers, body)
