"""The second half of the play: a model on its way to Production, who may do what on that way, and what can be shown afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import mlflow
import pandas
import screen
from bailiwick_clients.acting import DATABRICKS, HTTP, acting, environment
from bailiwick_clients.people import GOVERNANCE, Person
from databricks.sdk.service.iam import PermissionLevel
from stage import Stage, quietly, stopped, tell

MODEL = "churn"
FRESH = pandas.DataFrame({"age": [31, 48], "calls": [1, 6]})  # customers of whom nobody knows yet whether they leave


@dataclass
class Registry:
    """What the play's second half has beside the first."""

    it: Stage
    folder: Path
    sam: Person
    pia: Person
    id: str = ""
    run: str = ""  # of the newest version
    commit: str = ""


def enter(it: Stage, folder: Path) -> Registry:
    sam, pia = (it.team.user(f"{name}@example.org", exact=True) for name in ("sam", "pia"))
    r = Registry(it, folder / "checkout", sam, pia)
    r.folder.mkdir()
    shutil.copy(Path(__file__).with_name("train.py"), r.folder)
    r.commit = _commit(r.folder)
    return r


def _commit(folder: Path) -> str:
    """Makes a git repository of a folder and gives its commit."""
    person = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for words in (("init", "-q", "-b", "main"), ("add", "."), (*person, "commit", "-q", "-m", "Train the churn model")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _train(r: Registry, strength: str) -> None:
    """Runs Ada's script as she would: in her repository, with two variables set."""
    screen.step(f"python train.py {r.it.folder}/registered {MODEL} {strength}")
    env = {**os.environ, **environment(r.it.ada)}
    command = [sys.executable, "train.py", f"{r.it.folder}/registered", MODEL, strength]
    done = subprocess.run(command, cwd=r.folder, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    r.run = done.stdout.split()[-1]


def register(r: Registry) -> None:
    screen.chapter(8, f"Ada trains in her git repository and registers the model “{MODEL}”   (MLflow, scikit-learn)")
    it = r.it
    _train(r, "0.5")
    with acting(it.ada) as client:
        version = client.get_model_version(MODEL, "1")
        assert (version.status, version.run_id, version.current_stage) == ("READY", r.run, "None")
        screen.said(f"models:/{MODEL}/1 is {version.status}, from run {version.run_id}, in the stage {version.current_stage}")
    r.id = str(it.ada.sdk.model_registry.get_model(MODEL).registered_model_databricks.id)

    with acting(it.bob) as client:
        screen.step(f'Bob, without a grant: MlflowClient().get_model_version("{MODEL}", "1")')
        stopped(lambda: client.get_model_version(MODEL, "1"), "RESOURCE_DOES_NOT_EXIST")
    screen.note("who may not see a model is told the same as of one that does not exist")
    for who, level in (
        (it.analysts, PermissionLevel.CAN_READ),
        (it.robot, PermissionLevel.CAN_EDIT),
        (r.sam, PermissionLevel.CAN_MANAGE_STAGING_VERSIONS),
        (r.pia, PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS),
    ):
        it.team.grant("registered-models", r.id, who, level, by=it.ada)
        name = who if isinstance(who, str) else "nightly-training" if who.service else who.name
        screen.said(f"Ada gives {name} {level.value} on the model")
    with acting(it.bob) as client:
        assert client.get_model_version(MODEL, "1").version == "1"
        screen.step("Bob, as one of the analysts, sees it now, and tries to add a version")
        tell(lambda: client.create_model_version(MODEL, f"models:/{MODEL}/1"), "CAN_EDIT", it.ada.name)


def approve(r: Registry) -> None:
    screen.chapter(9, "Ada asks for Production; who may approve?   (Databricks SDK, MLflow)")
    _ask(r, "1")
    screen.step(f'Sam, who manages staging versions: approve_transition_request("{MODEL}", "1", "Production")')
    tell(lambda: _approve(r.sam, "1"), "CAN_MANAGE_PRODUCTION_VERSIONS", r.it.ada.name)
    screen.step("Pia, who manages production versions: the same")
    _approved(r, "1")
    _everybody_predicts(r, "1")


def _ask(r: Registry, version: str) -> None:
    screen.step(f'Ada: create_transition_request("{MODEL}", "{version}", "Production", comment="better than the baseline")')
    asked = r.it.ada.sdk.model_registry.create_transition_request(MODEL, version, "Production", comment="better than the baseline")
    assert asked.request.to_stage == "Production"


def _approve(who: Person, version: str) -> Any:
    return who.sdk.model_registry.approve_transition_request(MODEL, version, "Production", True, comment="looks good")


def _approved(r: Registry, version: str) -> None:
    done = _approve(r.pia, version).activity
    assert done.to_stage == "Production" and done.user_id == r.pia.name
    screen.said(f"models:/{MODEL}/{version} is in {done.to_stage}, approved by {done.user_id}")


def _everybody_predicts(r: Registry, version: str) -> None:
    for uri in (HTTP, DATABRICKS):
        with acting(r.it.bob, uri) as client:
            assert client.get_latest_versions(MODEL, ["Production"])[0].version == version
            model = quietly(lambda: mlflow.pyfunc.load_model(f"models:/{MODEL}/Production"))
            left = model.predict(FRESH).tolist()
        assert left == [0, 1], left
        said = "MLFLOW_TRACKING_URI=databricks" if uri == DATABRICKS else f"MLFLOW_TRACKING_URI={r.it.server.url}"
        screen.said(f"Bob, with {said}: load_model(“models:/{MODEL}/Production”).predict(…) = {left}")


def check(r: Registry) -> None:
    screen.chapter(10, "Production asks for a passed check and for a second person   (governance API)")
    it, place = r.it, f"{GOVERNANCE}/models/{MODEL}"
    screen.step(f'Ada: PUT {place}/required-checks {{"required_checks": [{{"stage": "Production", "name": "bias-test"}}]}}')
    it.ada.call("PUT", f"{place}/required-checks", {"required_checks": [{"stage": "Production", "name": "bias-test"}]}).ok()
    screen.step(f'Ada: PUT {place}/two-persons {{"two_persons": "yes"}}')
    assert it.ada.call("PUT", f"{place}/two-persons", {"two_persons": "yes"}).ok()["in_force"]
    _train(r, "2")
    screen.step("Ada, who manages the model: transition_model_version_stage to Production, without asking anybody")
    with acting(it.ada) as client:
        stopped(lambda: client.transition_model_version_stage(MODEL, "2", "Production"), "PERMISSION_DENIED", "takes two persons")
    _ask(r, "2")
    screen.step("Pia approves")
    stopped(lambda: _approve(r.pia, "2"), "INVALID_STATE", "bias-test")

    screen.step(f"the service principal, from CI: POST {place}/versions/2/checks, with the digest of the bytes it has tested")
    digest = it.robot.call("GET", f"{place}/versions/2/manifest").ok()["digest"]
    report = {"name": "bias-test", "state": "success", "url": "https://ci.example.org/runs/17", "digest": digest}
    posted = it.robot.call("POST", f"{place}/versions/2/checks", report).ok()
    assert posted["current"]
    screen.said(f"{posted['name']}: {posted['state']}, of sha256 {digest[:16]}…")
    screen.step("Pia approves")
    stopped(lambda: _approve(r.pia, "2"), "RESOURCE_CONFLICT", "is not what the transition to Production was asked for")
    screen.note("an approval is of the bytes and the checks that were there when it was asked for; so Ada asks anew")
    it.ada.sdk.model_registry.delete_transition_request(MODEL, "2", "Production", it.ada.name)
    _ask(r, "2")
    screen.step("Ada approves her own request")
    stopped(lambda: _approve(it.ada, "2"), "PERMISSION_DENIED", "who asks for the transition does not approve it")
    screen.step("Pia approves")
    _approved(r, "2")
    with acting(it.bob) as client:
        assert client.get_model_version(MODEL, "1").current_stage == "Archived"
        screen.said(f"models:/{MODEL}/1, which was there before, is in the stage Archived")


def look_back(r: Registry) -> None:
    screen.chapter(11, "Where does the model in Production come from, and who let it in?")
    screen.step(f"bailiwick lineage models:/{MODEL}/2 --up")
    done = r.it.server.command("lineage", f"models:/{MODEL}/2", "--up", "--json", token=r.it.ada.token)
    assert done.returncode == 0, done.stderr
    graph = json.loads(done.stdout)
    names = {n["key"]: f"{n['kind']} {n.get('name') or n['id']}" for n in graph["nodes"]}
    screen.table(("what", "is", "of what"), [(names[e["from"]], e["relation"], names[e["to"]]) for e in graph["edges"]])
    for part in (f"run:{r.run}", f"commit:{r.commit}", f"experiment:{_experiment(r)}"):
        assert part in names, f"the lineage does not name {part}"
    assert "dataset customers" in names.values()

    seen = r.it.bob.call("GET", f"{GOVERNANCE}/lineage?{urlencode({'id': f'models:/{MODEL}/2', 'direction': 'up'})}").ok()
    assert [n["kind"] for n in seen["nodes"]] == ["version"] and seen["hidden"]
    screen.note("Bob, who may see the model and not the experiment, is shown the version, and that there is more than he may see")

    screen.step("GET /api/governance/1.0/audit?service=modelRegistry&action=approveTransitionRequest")
    query = urlencode({"service": "modelRegistry", "action": "approveTransitionRequest"})
    events = r.it.team.admin.call("GET", f"{GOVERNANCE}/audit?{query}").ok()["events"][::-1]
    screen.table(("time", "who", "version", "answer", "what was said"), [_approval(e) for e in events])
    assert [e["response"]["status_code"] for e in events] == [403, 200, 403, 200], events


def _experiment(r: Registry) -> str:
    with acting(r.it.ada) as client:
        return str(client.get_run(r.run).info.experiment_id)


def _approval(event: dict[str, Any]) -> tuple[str, str, str, str, str]:
    params, answer = event["request_params"], event["response"]
    return (
        event["event_time"][11:19],
        event["user_identity"]["email"],
        str(params.get("target") or f"{params['name']}/{params['version']}"),
        str(answer["status_code"]),
        str(answer.get("error_message") or _decided(event)),
    )


def _decided(event: dict[str, Any]) -> str:
    before, after = event["before"]["stage"], event["after"]["stage"]
    return f"from {before} to {after}, asked for by {event['request_params']['requestedBy']}: “{event['reason']}”"


def keep(r: Registry) -> None:
    screen.chapter(12, "What is in Production stays what it was")
    ada = r.it.ada
    with acting(ada) as client:
        client.delete_run(r.run)
        screen.step(f'Ada: MlflowClient().delete_run("{r.run}"), which puts it into the trash')
    screen.step("and POST /api/governance/1.0/runs/purge, to be rid of it for good")
    answer = ada.call("POST", f"{GOVERNANCE}/runs/purge", {"run_id": r.run})
    assert answer.status == 400 and f"models:/{MODEL}/2 is in Production and comes from it" in answer.message, answer
    screen.refusal(f"{answer.code}: {answer.message}")
    _everybody_predicts(r, "2")

    screen.step(f"Bob downloads models:/{MODEL}/2 and compares it with GET …/models/{MODEL}/versions/2/manifest")
    manifest = r.it.bob.call("GET", f"{GOVERNANCE}/models/{MODEL}/versions/2/manifest").ok()
    with acting(r.it.bob):
        got = Path(quietly(lambda: mlflow.artifacts.download_artifacts(f"models:/{MODEL}/2")))
    lines = "".join(f"{hashlib.sha256((got / f['path']).read_bytes()).hexdigest()}  {f['path']}\n" for f in manifest["files"])
    assert lines == "".join(f"{f['sha256']}  {f['path']}\n" for f in manifest["files"])
    assert hashlib.sha256(lines.encode()).hexdigest() == manifest["digest"]
    screen.said(f"the sha256 of each of the {len(manifest['files'])} files is the registered one, and that of their list is the digest")
    screen.said(f"{manifest['digest']}, of which the check said success and which Pia approved")
