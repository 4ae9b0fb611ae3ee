"""A team's first day on a new server, played by unmodified clients: grants, refusals that explain themselves, the audit trail, and a
model's way to Production.

Each step asserts what it prints; the first that does not say what it should ends the play with an error."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import screen

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
warnings.filterwarnings("ignore")

screen.note("loading the MLflow client, the Databricks SDK and scikit-learn …")
import mlflow  # noqa: E402  (after the variables that it reads when it is loaded)
from databricks.sdk import version as sdk_version  # noqa: E402
from databricks.sdk.service.iam import PermissionLevel  # noqa: E402
from sklearn.datasets import make_classification  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

from bailiwick_clients.acting import acting  # noqa: E402
import registry  # noqa: E402
from bailiwick_clients.people import Team  # noqa: E402
from bailiwick_clients.server import Server  # noqa: E402
from stage import Stage, quietly, tell  # noqa: E402

logging.getLogger("mlflow").setLevel(logging.ERROR)


def start(binary: str, folder: Path) -> Server:
    screen.chapter(1, "A new server")
    server = Server(binary, folder).start()
    version = server.call("GET", "/version", token=None).body.decode().strip()
    screen.said(f"Bailiwick answers at {server.url}. SQLite, its artifacts and its keys are in {server.data}")
    screen.note(
        f"it speaks MLflow {version}; the clients are mlflow {mlflow.__version__} and databricks-sdk "
        f"{sdk_version.__version__}, as they come from PyPI"
    )
    assert version == mlflow.__version__
    return server


def people(server: Server) -> Stage:
    screen.chapter(2, "The administrator makes three principals and a group   (Databricks SDK)")
    team = Team(server)
    made = {name: team.user(f"{name}@example.org", exact=True) for name in ("ada", "bob")}
    for who in made.values():
        screen.said(f"user {who.name}, id {who.id}; a one-time link, used once, gave a token: {who.token[:8]}…")
    robot = team.service_principal("nightly-training")
    screen.said(f"service principal nightly-training, application id {robot.name}, with a token on its behalf")
    analysts = team.group("analysts", made["bob"], robot, exact=True)
    screen.said(f"group {analysts} with bob@example.org and the service principal")
    for who in (*made.values(), robot):
        assert who.sdk.current_user.me().active
    return Stage(server, team, made["ada"], made["bob"], robot, analysts)


def train(it: Stage) -> None:
    it.folder = f"{it.ada.home}/churn"
    screen.chapter(3, f"Ada trains a model with autologging under {it.folder}   (MLflow, scikit-learn)")
    it.ada.sdk.workspace.mkdirs(it.folder)
    it.folder_id = str(it.ada.sdk.workspace.get_status(it.folder).object_id)
    with acting(it.ada) as client:
        quietly(lambda: _fit(it))
        run = client.get_run(it.run)
        screen.said(
            f"experiment {it.folder}/baseline, id {it.experiment}; run “{run.info.run_name}”, "
            f"{run.info.status}, stamped with {run.info.user_id}"
        )
        screen.said(
            f"{len(run.data.params)} params, such as C = {run.data.params['C']}; {len(run.data.metrics)} metrics, "
            f"such as training_accuracy_score = {run.data.metrics['training_accuracy_score']:.3f}"
        )
        files = [a.path for a in client.list_artifacts(it.run)]
        screen.said(f"artifacts: {', '.join(files)}")
        (logged,) = client.search_logged_models([it.experiment])
        it.model = logged.model_id
        inside = [a.path for a in client.list_logged_model_artifacts(it.model)]
        screen.said(f"logged model {it.model}, {logged.status}: {', '.join(inside)}")
    assert run.info.user_id == it.ada.name and "notes.md" in files and "MLmodel" in inside


def _fit(it: Stage) -> None:
    it.experiment = mlflow.set_experiment(f"{it.folder}/baseline").experiment_id
    x, y = make_classification(400, 6, random_state=1)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
    mlflow.sklearn.autolog(silent=True)
    with mlflow.start_run(run_name="baseline") as run:
        model = LogisticRegression(C=0.5).fit(x_train, y_train)
        mlflow.log_metric("test_accuracy", model.score(x_test, y_test))
        mlflow.log_text("# Churn\nFirst baseline.", "notes.md")
    mlflow.sklearn.autolog(disable=True, silent=True)
    it.run = run.info.run_id


def refuse(it: Stage) -> None:
    screen.chapter(4, "Bob, a colleague without a grant, asks for the run")
    with acting(it.bob) as client:
        screen.step(f'MlflowClient().get_run("{it.run}")')
        text = tell(lambda: client.get_run(it.run), "CAN_READ", it.ada.name)
        assert "View run info" in text and "admin" in text
        screen.step(f'mlflow.sklearn.load_model("models:/{it.model}")')
        tell(lambda: mlflow.sklearn.load_model(f"models:/{it.model}"), "CAN_READ", it.ada.name)
        found = client.search_runs([it.experiment])
        screen.step(f"search_runs: {len(found)} runs. Searches show what one may see, and say nothing of the rest.")
        assert len(found) == 0
    screen.note("the refusal names the missing ability, the level that gives it, and who can give it")


def grant(it: Stage) -> None:
    screen.chapter(5, f"Ada gives the group {it.analysts} Read on the folder   (Permissions API)")
    screen.step(f"permissions.update('directories', {it.folder_id}, group_name='{it.analysts}', CAN_READ)")
    it.team.grant("directories", it.folder_id, it.analysts, PermissionLevel.CAN_READ, by=it.ada)
    shown = it.ada.sdk.permissions.get("experiments", it.experiment)
    (line,) = [p for a in shown.access_control_list if a.group_name == it.analysts for p in a.all_permissions]
    assert line.inherited and line.inherited_from_object == [f"/directories/{it.folder_id}"]
    screen.said(f"the experiment shows {it.analysts}: {line.permission_level.value}, inherited from {line.inherited_from_object[0]}")

    with acting(it.bob) as client:
        run = client.get_run(it.run)
        screen.said(f"Bob sees the run: test_accuracy = {run.data.metrics['test_accuracy']:.3f}")
        screen.said(f"its artifacts: {', '.join(a.path for a in client.list_artifacts(it.run))}")
        notes = quietly(lambda: mlflow.artifacts.load_text(f"runs:/{it.run}/notes.md"))
        model = quietly(lambda: mlflow.sklearn.load_model(f"models:/{it.model}"))
        screen.said(f"notes.md begins with “{notes.splitlines()[0]}”; the model loads and is a {type(model).__name__}")
        assert len(client.search_runs([it.experiment])) == 1
        screen.step('and he tries to log: log_metric("test_accuracy", 1.0)')
        tell(lambda: client.log_metric(it.run, "test_accuracy", 1.0), "CAN_EDIT", it.ada.name)
        screen.step('log_text("…", "his.md")')
        tell(lambda: client.log_text(it.run, "his words", "his.md"), "CAN_EDIT", it.ada.name)
    with acting(it.robot) as client:
        assert client.get_run(it.run).info.run_id == it.run
        screen.said("the service principal sees it too, as a member of the group")


def revoke(it: Stage) -> None:
    screen.chapter(6, "Ada takes the grant back; Bob's next call fails")
    screen.step(f"permissions.set('directories', {it.folder_id}, [])")
    it.team.revoke_all("directories", it.folder_id, by=it.ada)
    with acting(it.bob) as client:
        tell(lambda: client.get_run(it.run), "CAN_READ", it.ada.name)
        tell(lambda: client.download_artifacts(it.run, "notes.md"), "CAN_READ", it.ada.name)


def audit(it: Stage) -> None:
    screen.chapter(7, "The audit trail   (GET /api/governance/1.0/audit)")
    events = it.team.admin.call("GET", "/api/governance/1.0/audit?class=A&max_results=500").ok()["events"][::-1]
    screen.table(("time", "who", "what", "answer", "about"), _rows(events))
    whole = json.dumps(events)
    for name in (it.bob.name, it.ada.name, it.robot.id, it.run):
        assert name in whole, f"the audit trail does not name {name}"
    denied = [e["action_name"] for e in events if e["response"]["status_code"] == 403 and e["decision"]["ability"]]
    assert denied == ["getRun", "getLoggedModel", "logMetric", "uploadArtifact", "getRun", "getRun"], denied


def _rows(events: list[dict[str, Any]]) -> list[tuple[str, str, str, str, str]]:
    """The entries as lines; neighbours that say the same of several files are one line."""
    rows: list[tuple[str, str, str, str, str]] = []
    for _, same in itertools.groupby(events, lambda e: (e["user_identity"]["email"], e["action_name"], e["response"]["status_code"])):
        group = list(same)
        event, status = group[0], group[0]["response"]["status_code"]
        times = f" ×{len(group)}" if len(group) > 1 else ""
        rows.append(
            (
                event["event_time"][11:19],
                event["user_identity"]["email"],
                event["action_name"] + times,
                str(status or ""),
                ", ".join(dict.fromkeys(_about(e) for e in group)),
            )
        )
    return rows


# What an entry is about, by the parameters that say it best.
_TELLING = ("path", "experimentName", "targetGroupName", "targetUserName", "modelId", "runId")


def _about(event: dict[str, Any]) -> str:
    params = event["request_params"]
    place = event.get("object", {}).get("path", "")
    if event["response"]["status_code"] == 403:
        return f"lacks {event['decision']['ability']} on {place}"
    if event["action_name"] == "changeWorkspaceAcl":
        return f"{place}: {_added(event)}"
    return next((str(params[k]) for k in _TELLING if params.get(k)), place)


def _added(event: dict[str, Any]) -> str:
    """What a change of permissions gave and took, from the entry's before and after."""
    before, after = (
        {
            (a.get("user_name") or a.get("group_name") or a.get("service_principal_name"), p["permission_level"])
            for a in event[side]["access_control_list"]
            for p in a["all_permissions"]
        }
        for side in ("before", "after")
    )
    return ", ".join(
        [*(f"+ {who} {level}" for who, level in sorted(after - before)), *(f"− {who} {level}" for who, level in sorted(before - after))]
    )


def verify(it: Stage) -> None:
    screen.chapter(13, "Nothing of this was changed afterwards")
    screen.step(f"bailiwick audit verify --data {it.server.data}")
    for _ in range(20):  # entries are sealed some moments after they were written
        done = it.server.command("audit", "verify", "--data", str(it.server.data))
        assert done.returncode == 0, done.stdout + done.stderr
        if "not sealed" not in done.stdout:
            break
        time.sleep(0.5)
    screen.said(done.stdout.strip())


def stop(it: Stage, folder: Path) -> None:
    assert it.server.stop() == 0, it.server.tail()
    print(
        f"\n{screen.paint(' done ', 'bold', 'green')} Every step said what it should, in {screen.seconds():.0f} s. The server is stopped."
    )
    token = folder / "admin-token"
    screen.note(
        f"Its data stays in {it.server.data}, the administrator's token in {token}. To look at all of it in the console as Ada, start the "
        "server again, make her a one-time link, and open that in a browser:"
    )
    print(f"      bin/bailiwick serve --data {it.server.data}")
    print(f"      BAILIWICK_HOST=http://127.0.0.1:5000 BAILIWICK_TOKEN=$(cat {token}) bin/bailiwick login-link {it.ada.name}")


def main(binary: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="bailiwick-demo."))
    server = start(binary, folder)
    (folder / "admin-token").write_text(server.admin_token + "\n")
    (folder / "admin-token").chmod(0o600)
    try:
        it = people(server)
        for scene in (train, refuse, grant, revoke, audit):
            scene(it)
        registered = registry.enter(it, folder)
        for scene in (registry.register, registry.approve, registry.check, registry.look_back, registry.keep):
            scene(registered)
        verify(it)
        stop(it, folder)
        return 0
    except Exception as error:  # whatever it is, the play is over and the server's log helps
        screen.refusal(f"this step did not say what it should: {type(error).__name__}: {error}")
        print(f"\nThe server's log ends with:\n{server.tail(15)}\nData and log: {folder}", file=sys.stderr)
        if "--trace" in sys.argv:
            raise
        return 1
    finally:
        server.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
