"""Forgotten credentials, planted beside innocent ones by the programs that people use: exactly the planted are found."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from databricks.sdk.service.workspace import ImportFormat, Language

from bailiwick_clients.acting import acting
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Answer, Server

DAY = 24 * 3600 * 1000
INVENTORY = f"{GOVERNANCE}/credentials"


@dataclass
class Vault:
    """A server whose tokens are planted; found and expected are (comment of the token, class)."""

    server: Server
    team: Team
    ann: Person
    folder: str = ""

    def token(self, comment: str, *scopes: str, owner: Person | None = None, days: int | None = 30) -> tuple[Person, str]:
        """A token with an end and scopes, as a person who carries it, and its id."""
        who = owner or self.ann
        wish = {"comment": comment, "scopes": list(scopes), **({"lifetime_seconds": days * 24 * 3600} if days else {})}
        made = who.call("POST", "/api/2.0/token/create", wish).ok()
        return replace(who, token=made["token_value"]), made["token_info"]["token_id"]

    def findings(self, query: str = "") -> list[dict]:
        return self.server.call("GET", f"{INVENTORY}/findings?max_results=1000&{query}").ok()["findings"]

    def found(self) -> set[tuple[str, str]]:
        return {(f["credential"]["comment"], f["class"]) for f in self.findings()}

    def train(self, who: Person, name: str) -> tuple[str, str]:
        """Logs a run with the real MLflow client and gives the ids of experiment and run."""
        with acting(who) as client:
            experiment = client.create_experiment(f"{self.folder}/{name}")
            run = client.create_run(experiment)
            client.log_metric(run.info.run_id, "auc", 0.9)
            client.set_terminated(run.info.run_id)
        return experiment, run.info.run_id

    @contextmanager
    def history(self) -> Iterator[sqlite3.Connection]:
        """Changes what was long ago, while the server stands still."""
        assert self.server.stop() == 0
        with sqlite3.connect(next(self.server.data.glob("*.db"))) as db:
            yield db
        db.close()
        self.server.start()


@pytest.fixture
def vault(binary: str, tmp_path: Path) -> Iterator[Vault]:
    server = Server(binary, tmp_path, flags=["--trusted-proxies", "127.0.0.1/32"], database="").start()
    team = Team(server)
    ann = team.user("ann")
    yield Vault(server, team, ann, ann.home)
    server.kill()


def through_proxy(who: Person, client: str) -> Answer:
    """A call that a trusted proxy passes on from somewhere else."""
    return who.call("GET", "/api/2.0/preview/scim/v2/Me", headers={"X-Forwarded-For": client, "User-Agent": "mlflow-python-client/3.17.2"})


def eventually(check, seconds: float = 20) -> None:
    """Waits until what is done in the background is done."""
    until = time.monotonic() + seconds
    while not check() and time.monotonic() < until:
        time.sleep(0.2)
    assert check()


def test_exactly_the_forgotten_are_found(vault: Vault) -> None:
    """Each class of forgotten credential, planted beside innocent ones."""
    bob = vault.team.user("bob")
    ids: dict[str, str] = {}

    def token(comment: str, *scopes: str, owner: Person | None = None, days: int | None = 30) -> Person:
        who, ids[comment] = vault.token(comment, *scopes, owner=owner, days=days)
        return who

    # The forgotten.
    token("never used", "mlflow")
    vault.train(token("used long ago", "mlflow"), "long-ago")
    token("of bob, who left", "mlflow", owner=bob)
    vault.train(token("endless", "mlflow", days=None), "endless")
    vault.train(token("too wide", "mlflow", "workspace", "scim"), "wide")
    shared = token("shared", "mlflow", "workspace", "scim")
    travelled = token("travelled", "scim")
    copied = token("copied into a notebook", "mlflow", "workspace")
    # The innocent.
    vault.train(token("sound", "mlflow"), "sound")
    narrow = token("used in full", "mlflow", "workspace")
    roaming = token("two networks from the first day", "scim")
    pair = token("two programs", "mlflow", "workspace")
    token("new", "mlflow", "workspace", "scim")

    experiment, _ = vault.train(narrow, "narrow")
    narrow.sdk.workspace.get_status(vault.folder)
    vault.train(pair, "pair")
    pair.sdk.workspace.get_status(vault.folder)
    vault.train(shared, "shared")
    shared.sdk.workspace.get_status(vault.folder)
    assert requests.get(f"{vault.server.url}/api/2.0/preview/scim/v2/Me", headers={"Authorization": f"Bearer {shared.token}"}, timeout=10).ok
    for client in ("192.0.2.7", "198.51.100.9"):
        through_proxy(roaming, client).ok()
    through_proxy(travelled, "192.0.2.7").ok()
    vault.train(copied, "copied")
    source = f"# Databricks notebook source\nimport os\n\n# COMMAND ----------\n\nos.environ['DATABRICKS_TOKEN'] = '{copied.token}'\n"
    _import(vault.ann, f"{vault.folder}/leaky", source)
    _import(vault.ann, f"{vault.folder}/clean", "# Databricks notebook source\nimport os\ntoken = os.environ['DATABRICKS_TOKEN']\n")

    with vault.history() as db:
        moved = [("never used", 100), ("used long ago", 100), ("too wide", 45), ("used in full", 45), ("travelled", 40), ("two networks from the first day", 40)]
        for comment, days in moved:
            db.execute("UPDATE credentials SET created = created - ? WHERE id = ?", (days * DAY, ids[comment]))
            db.execute("UPDATE credential_sightings SET first = first - ? WHERE credential = ?", (days * DAY, ids[comment]))
        db.execute("UPDATE credential_sightings SET last = last - ? WHERE credential = ?", (95 * DAY, ids["used long ago"]))
        db.execute("UPDATE credential_uses SET used = used - ? WHERE id = ?", (95 * DAY, ids["used long ago"]))
    through_proxy(travelled, "203.0.113.50").ok()
    through_proxy(roaming, "198.51.100.9").ok()
    vault.team.admin.sdk.users.update(bob.id, user_name=bob.name, active=False)
    # People's first tokens have done what they are for; the administrator's own is endless and known to be.
    for row in vault.server.call("GET", f"{INVENTORY}?kind=token&max_results=1000").ok()["credentials"]:
        if row["comment"] not in ids and row["owner"]["name"] != "admin":
            vault.server.call("POST", f"{INVENTORY}/{row['id']}/revoke", {"reason": "has done its work"}).ok()

    want = {
        ("never used", "unused"),
        ("used long ago", "unused"),
        ("of bob, who left", "owner-inactive"),
        ("endless", "never-expires"),
        ("too wide", "wider-than-used"),
        ("shared", "shared-by-programs"),
        ("travelled", "new-network"),
        ("copied into a notebook", "hard-coded"),
    }
    eventually(lambda: len({x for x in vault.found() if x[0] in ids}) >= len(want))
    assert {x for x in vault.found() if x[0] in ids} == want
    assert {c for x, c in vault.found() if x not in ids} == {"never-expires"}, "the administrator's own"

    leak = next(f for f in vault.findings() if f["class"] == "hard-coded")
    assert leak["credential"]["id"] == ids["copied into a notebook"]
    assert copied.token not in str(vault.findings())
    place = vault.server.call("GET", f"{INVENTORY}/{leak['credential']['id']}").ok()["hard_coded"]
    assert [(p["object"]["path"], p["place"]) for p in place] == [(f"{vault.folder}/leaky", "cell 2, line 1")]
    assert vault.server.command("credentials", "findings", "--class", "unused", token=vault.server.admin_token).returncode == 3

    # The finding ends with the content that it was found in.
    _import(vault.team.admin, f"{vault.folder}/leaky", "# Databricks notebook source\nprint(1)\n")
    eventually(lambda: ("copied into a notebook", "hard-coded") not in vault.found())
    assert vault.found() >= want - {("copied into a notebook", "hard-coded")}
    assert experiment


def _import(who: Person, path: str, source: str) -> None:
    who.sdk.workspace.upload(path, source.encode(), format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True)


def test_impact_and_revocation(vault: Vault) -> None:
    """Impact lists exactly what a token has logged to; revoked, it is refused on the next call, and what it logged stays."""
    first, first_id = vault.token("first", "mlflow")
    second, second_id = vault.token("second", "mlflow")
    made = [vault.train(first, "one"), vault.train(first, "two")]
    other = vault.train(second, "three")

    def impact(token_id: str) -> tuple[set[str], set[str]]:
        a = vault.server.call("GET", f"{INVENTORY}/{token_id}/impact").ok()
        return {r["id"] for r in a["runs"]}, {e["id"] for e in a["experiments"]}

    eventually(lambda: len(impact(first_id)[0]) == 2 and len(impact(second_id)[0]) == 1)
    assert impact(first_id) == ({run for _, run in made}, {experiment for experiment, _ in made})
    assert impact(second_id) == ({other[1]}, {other[0]})
    printed = vault.server.command("credentials", "impact", first_id, token=vault.server.admin_token)
    assert printed.returncode == 0 and made[0][1] in printed.stdout and other[1] not in printed.stdout

    # Ann revokes it herself; nobody else has to.
    assert first.mlflow("GET", f"runs/get?run_id={made[0][1]}").status == 200
    done = vault.server.command("credentials", "revoke", first_id, "--reason", "two is enough", token=vault.ann.token)
    assert done.returncode == 0, done.stderr
    assert first.mlflow("GET", f"runs/get?run_id={made[0][1]}").status == 401
    assert second.mlflow("GET", f"runs/get?run_id={made[0][1]}").status == 200
    said = vault.server.call("GET", f"{GOVERNANCE}/audit?q=action:revokeCredential").body.decode()
    assert "two is enough" in said and first_id in said
