"""A real HTTP server that receives webhooks, and checks signatures by the protocols' own descriptions."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_SECONDS = 60


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def delivery(self) -> str:
        return self.headers.get("x-mlflow-delivery-id") or self.headers["x-bailiwick-delivery-id"]


@dataclass
class Receiver:
    """Answers 200, or what `answer` says of a request: a status, or None to say nothing until the receiver is closed."""

    answer: Callable[[Received], int | None] = lambda _: 200
    got: list[Received] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        receiver, self._closed = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                receiver.got.append(received)
                status = receiver.answer(received)
                if status is None:
                    receiver._closed.wait(WAIT_SECONDS)
                    return
                with contextlib.suppress(ConnectionError):  # the sender may be gone
                    self.send_response(status)
                    self.send_header("Content-Length", "5")
                    self.end_headers()
                    self.wfile.write(b"heard")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def quiet(self, seconds: float = 0.5) -> list[Received]:
        """Gives what was received once nothing more comes for a while."""
        count = -1
        while count != len(self.got):
            count = len(self.got)
            time.sleep(seconds)
        return list(self.got)

    def until(self, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """Gives what was received once it is enough."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if enough(list(self.got)):
                return list(self.got)
            time.sleep(0.05)
        raise AssertionError(f"received only {[(r.path, r.body[:200]) for r in self.got]}")


def mlflow_signed(secret: str, received: Received, tolerance: float = 300) -> bool:
    """The check of MLflow's documentation for receivers: version, age, and the HMAC of id, time and body."""
    version, _, signature = received.headers["x-mlflow-signature"].partition(",")
    at = received.headers["x-mlflow-timestamp"]
    signed = received.delivery.encode() + b"." + at.encode() + b"." + received.body
    expected = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
    return version == "v1" and abs(time.time() - int(at)) < tolerance and hmac.compare_digest(expected, signature)


def databricks_signed(secret: str, received: Received) -> bool:
    """The check of Databricks' documentation for receivers: the HMAC of the body in hexadecimal digits."""
    expected = hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, received.headers["x-databricks-signature"])
