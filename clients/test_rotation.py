"""Rotation on schedule with the unmodified Databricks SDK: readers in a loop, a receiver that makes values outside, kill -9 between steps, two replicas."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Server
from databricks.sdk.errors import DatabricksError

PLANS = f"{GOVERNANCE}/rotation/plans"
WAIT_SECONDS = 100  # longer than a lease
OVERLAP = 2
STEPS = ["rotateCreate", "rotateSwitch", "rotateClose"]


class Reader(threading.Thread):
    """Reads a secret in a loop as the SDK does, and remembers each value and failure."""

    def __init__(self, who: Person, scope: str, key: str) -> None:
        super().__init__(daemon=True)
        self.sdk, self.scope, self.key = who.sdk, scope, key
        self.ended = threading.Event()
        self.values: list[str] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                value = base64.b64decode(self.sdk.secrets.get_secret(self.scope, self.key).value or "").decode()
            except (DatabricksError, OSError) as error:
                self.failures.append(str(error))
                continue
            if not self.values or self.values[-1] != value:
                self.values.append(value)

    def end(self) -> None:
        self.ended.set()
        self.join(30)


def make_scope(owner: Person, *readers: Person) -> str:
    scope = f"rotated-{random.getrandbits(40):x}"
    owner.sdk.secrets.create_scope(scope)
    for reader in readers:
        owner.call("POST", "/api/2.0/secrets/acls/put", {"scope": scope, "principal": reader.name, "permission": "READ"}).ok()
    return scope


def make_plan(owner: Person, **body: Any) -> dict[str, Any]:
    return owner.call("POST", PLANS, {"schedule": "30d", "overlap_seconds": OVERLAP, **body}).ok()


def until(owner: Person, plan: str, *states: str) -> dict[str, Any]:
    """Waits for a state of the plan's newest rotation."""
    end, shown = time.monotonic() + WAIT_SECONDS, {}
    while time.monotonic() < end:
        shown = owner.call("GET", f"{PLANS}/{plan}").ok()
        if shown.get("rotation", {}).get("state") in states:
            return shown
        time.sleep(0.05)
    raise AssertionError(f"not {states}: {shown}")


def until_closed(owner: Person, plan: str, count: int) -> None:
    """Waits until so many rotations of the plan have come to their end."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        rotations = owner.call("GET", f"{PLANS}/{plan}/rotations").ok()["rotations"]
        if len(rotations) == count and rotations[0]["state"] == "closed":
            return
        time.sleep(0.05)
    raise AssertionError(f"not {count} closed: {rotations}")


def steps(admin: Person, plan: str) -> list[str]:
    """The steps of a plan in the ledger, in order."""
    found = admin.call("GET", f"{GOVERNANCE}/audit?service=rotation&max_results=1000").ok()["events"]
    return [e["action_name"] for e in reversed(found) if e["request_params"].get("plan") == plan and e["action_name"] in STEPS]


def test_no_read_fails_while_a_secret_is_rotated(server: Server, team: Team) -> None:
    ada, robot = team.user("ada"), team.user("robot")
    scope = make_scope(ada, robot)
    ada.sdk.secrets.put_secret(scope, "k", string_value="by-hand")
    plan = make_plan(ada, kind="secret", scope=scope, key="k", contact="ada")["plan_id"]
    readers = [Reader(robot, scope, "k") for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(2):
        ada.call("POST", f"{PLANS}/{plan}/run").ok()
        until(ada, plan, "switched")
        until(ada, plan, "closed")
    time.sleep(0.5)
    for reader in readers:
        reader.end()
        assert reader.failures == []
        assert reader.values[0] == "by-hand" and len(reader.values) == 3, "each reader must have seen each version once, in order"
    versions = ada.call("GET", f"{GOVERNANCE}/secrets/{scope}/k").ok()["versions"]
    assert [(v["version"], v["state"]) for v in versions] == [(3, "current"), (2, "closed"), (1, "closed")]
    rotations = ada.call("GET", f"{PLANS}/{plan}/rotations").ok()["rotations"]
    for v, r in zip(versions[1:], rotations, strict=True):  # no read of an old one after its switch: by the newest alone
        assert all(reader["last"] <= r["switched"] for reader in v["readers"])
    assert steps(team.admin, plan) == STEPS * 2
    done = server.command("rotation", "status", plan, token=ada.token)
    assert done.returncode == 0 and done.stdout.count("closed") == 2, done


def test_command_line(server: Server, team: Team) -> None:
    ada = team.user("ada")
    scope = make_scope(ada)
    added = server.command("rotation", "add", "secret", f"{scope}/k", "--schedule", "30d sun 03:00", "--overlap", "1s", "--json", token=ada.token)
    assert added.returncode == 0, added.stderr
    plan = json.loads(added.stdout)["plan_id"]
    listed = server.command("rotation", "list", token=ada.token)
    assert plan in listed.stdout and "30d sun 03:00" in listed.stdout
    assert server.command("rotation", "run", plan, token=ada.token).returncode == 0
    until(ada, plan, "closed")  # there was no old one
    assert server.command("rotation", "close", plan, token=ada.token).returncode == 1
    assert server.command("rotation", "findings", token=ada.token).returncode == 0
    assert server.command("rotation", "status", plan, token=team.user("bob").token).returncode != 0


class Outside:
    """Something that rotates its own passwords: it knows a rotation by its id, and makes one password for it however often it is asked."""

    def __init__(self, delay: float = 0.0) -> None:
        self.delay, self.key, self.wrong = delay, "", ""
        self.passwords: dict[str, str] = {}
        self.live: list[str] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(outside.delay)
                answer = json.dumps(outside.step(self.headers["X-Bailiwick-Timestamp"], self.headers["X-Bailiwick-Signature"], body)).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except ConnectionError:  # the server was killed
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/rotate"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def step(self, at: str, signature: str, body: bytes) -> dict[str, str]:
        expected = "v1=" + hmac.new(self.key.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        if self.key and not hmac.compare_digest(expected, signature):
            self.wrong = "a signature is wrong"
        asked = json.loads(body)
        if asked["action"] == "create":
            made = self.passwords.setdefault(asked["rotation"], f"hunter2-{len(self.passwords)}")
            if made not in self.live:
                self.live.append(made)
            return {"value": made}
        mine = self.passwords[asked["rotation"]]
        if asked["action"] == "close":
            self.live = [p for p in self.live if p == mine]
        return {}


@pytest.fixture
def outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def hooked(binary: str, tmp_path: Path) -> Iterator[Server]:
    mine = Server(binary, tmp_path, flags=["--webhooks-allow", "127.0.0.1"]).start()
    yield mine
    mine.kill()
    log = mine.log.read_text(errors="replace")
    assert "hunter2" not in log, "a value is in the log"
    assert "panic" not in log


def test_goes_on_after_kill_9(hooked: Server, outside: Outside) -> None:
    """Killed again and again between steps, a rotation comes to its end: each step once, and readers always get a password that works."""
    server, team = hooked, Team(hooked)
    admin, outside.delay = team.admin, 0.15
    scope = make_scope(admin)
    made = make_plan(admin, kind="secret", scope=scope, key="db", rotator="webhook", url=outside.url)
    plan, outside.key = made["plan_id"], made["signing_key"]
    for n in range(2 if server.database else 4):  # on PostgreSQL the lease of who was killed must end first
        admin.call("POST", f"{PLANS}/{plan}/run").ok()
        for _ in range(3):
            time.sleep(random.uniform(0, 1.2))
            server.kill()
            server.start()
            if n:
                value = base64.b64decode(admin.sdk.secrets.get_secret(scope, "db").value or "").decode()
                assert value in outside.live, "readers get a password that does not work"
        until_closed(admin, plan, n + 1)
        assert steps(admin, plan) == STEPS * (n + 1)
        assert outside.wrong == "" and len(outside.passwords) == n + 1 and outside.live == [f"hunter2-{n}"]
    done = server.command("audit", "verify", *server.ledger)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_replica_acts(hooked: Server, binary: str, tmp_path: Path, outside: Outside) -> None:
    """Two replicas on one PostgreSQL: each step is done by one of them, also when the other is killed in the midst."""
    if not hooked.database:
        return  # SQLite has one server
    other = Server(binary, tmp_path / "other", flags=[*hooked.flags, "--kek", str(hooked.data / "kek")], admin_token=hooked.admin_token,
                   database=hooked.database)
    other.folder.mkdir()
    other.start()
    try:
        admin, outside.delay = Team(hooked).admin, 0.1
        scope = make_scope(admin)
        plans = [make_plan(admin, kind="secret", scope=scope, key=f"k{n}", rotator="webhook", url=outside.url)["plan_id"] for n in range(6)]
        for plan in plans:
            admin.call("POST", f"{PLANS}/{plan}/run").ok()
        for plan in plans:
            until(admin, plan, "closed")
            assert steps(admin, plan) == STEPS
        assert len(outside.passwords) == len(plans)
        admin.call("POST", f"{PLANS}/{plans[0]}/run").ok()
        time.sleep(0.3)
        other.kill()
        until_closed(admin, plans[0], 2)
        assert steps(admin, plans[0]) == STEPS * 2
    finally:
        other.kill()
