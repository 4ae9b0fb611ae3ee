"""The world of the browser's suites: a server, people and things, made by unmodified clients.

Prints one line of JSON when all is there, and stops the server when its standard input ends.
Usage: world.py [--port PORT] [--keep FOLDER] [--mlflow-ui PLACE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients"))
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("DATABRICKS_CONFIG_FILE", "/dev/null")

from bailiwick_clients.people import Person, Team  # noqa: E402
from bailiwick_clients.server import Server  # noqa: E402
from databricks.sdk.service.iam import Patch, PatchOp, PatchSchema  # noqa: E402
from databricks.sdk.service.iam import PermissionLevel as Level  # noqa: E402
from databricks.sdk.service.workspace import ImportFormat, Language  # noqa: E402

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
GOVERNANCE = "/api/governance/1.0"


def main() -> None:
    flags = argparse.ArgumentParser()
    flags.add_argument("--port", type=int, default=0)
    flags.add_argument("--keep", default="")
    flags.add_argument("--mlflow-ui", default=installed("mlflow"), help="where MLflow's own pages are; as a rule, of these clients' own package")
    given = flags.parse_args()
    folder = Path(given.keep or tempfile.mkdtemp(prefix="bailiwick-browser-"))
    pages = ["--mlflow-ui", given.mlflow_ui] if given.mlflow_ui else []
    server = Server(os.environ["BAILIWICK_TEST_BINARY"], folder, flags=pages)
    if given.port:
        server.port = given.port
    server.start()
    try:
        print(json.dumps(make(server)), flush=True)
        sys.stdin.read()
    finally:
        code = server.stop()
    sys.exit(code)


def installed(package: str) -> str:
    """Gives the folder of an installed package."""
    import importlib.util

    spec = importlib.util.find_spec(package)
    return str(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else ""


def make(server: Server) -> dict[str, Any]:
    """Makes people and things, and gives what the suites need to find them again."""
    team = Team(server)
    ada, rita, sam, max_ = (team.user(f"{name}@example.com", exact=True) for name in ("ada", "rita", "sam", "max"))
    audrey = team.user("audrey@example.com", exact=True)
    team.group("data-science", ada, max_, exact=True)
    team.admin.sdk.groups.patch(group("auditors", team), operations=[add_member(audrey)], schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP])
    team.service_principal("nightly-training")
    hostile = team.user(f"mallory+{'x' * 60}@example.com", exact=True)
    things = tree(team, ada, rita, hostile)
    things |= experiments(server, ada, team, rita)
    things |= models(server, ada, team, rita, max_)
    webhooks(ada)
    people = {"admin": team.admin, "ada": ada, "reader": rita, "stranger": sam, "second": max_, "auditor": audrey}
    return {
        "url": server.url, "people": {key: {"name": p.name, "token": p.token} for key, p in people.items()}, "things": things,
    }


def add_member(who: Person) -> Patch:
    return Patch(op=PatchOp.ADD, path="members", value=[{"value": who.id}])


def group(name: str, team: Team) -> str:
    return next(str(g.id) for g in team.admin.sdk.groups.list() if g.display_name == name)


def tree(team: Team, ada: Person, rita: Person, hostile: Person) -> dict[str, str]:
    """Folders and notebooks: one that Rita may read, one with a name that means harm, one with outputs that do."""
    base = f"{ada.home}/projects"
    for path in (base, f"{base}/churn", f"{base}/empty", f"{base}/{'long ' * 30}".rstrip(), "/Shared/Team notes"):
        ada.sdk.workspace.mkdirs(path)
    ada.sdk.workspace.mkdirs(f"{base}/{HOSTILE.replace('/', '∕')}"[:200])
    folder = str(ada.sdk.workspace.get_status(f"{base}/churn").object_id)
    team.grant("directories", folder, rita, Level.CAN_READ, by=ada)
    put(ada, f"{base}/churn/Explore", SOURCE_NOTEBOOK, ImportFormat.SOURCE, Language.PYTHON)
    put(ada, f"{base}/churn/Report", json.dumps(JUPYTER_NOTEBOOK), ImportFormat.JUPYTER, None)
    put(ada, f"{base}/churn/notes.md", "# Notes\n\nA *file*.\n", ImportFormat.AUTO, None)
    put(ada, "/Shared/Team notes/Hello", "# Databricks notebook source\nprint('hello')\n", ImportFormat.SOURCE, Language.PYTHON)
    notebook = ada.sdk.workspace.get_status(f"{base}/churn/Explore").object_id
    report = ada.sdk.workspace.get_status(f"{base}/churn/Report").object_id
    return {"folder": folder, "folderPath": f"{base}/churn", "notebook": str(notebook), "report": str(report), "base": base}


def put(who: Person, path: str, text: str, form: ImportFormat, language: Language | None) -> None:
    import io

    who.sdk.workspace.upload(path, io.BytesIO(text.encode()), format=form, language=language, overwrite=True)


SOURCE_NOTEBOOK = f"""# Databricks notebook source
# MAGIC %md
# MAGIC # Churn, explored
# MAGIC Some **text**, a [link](https://example.com), a [bad link](javascript:document.title='owned'), and
# MAGIC {HOSTILE}

# COMMAND ----------

import mlflow
mlflow.set_experiment("churn")
for depth in range(3, 9):
    with mlflow.start_run():
        mlflow.log_param("depth", depth)

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT customer, count(*) FROM visits GROUP BY customer
"""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

JUPYTER_NOTEBOOK: dict[str, Any] = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Report\n", HOSTILE]},
        {
            "cell_type": "code", "id": "b", "metadata": {}, "execution_count": 1, "source": ["frame.head()"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["reading\n"]},
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {
                    "text/html": ["<table><tr><th>customer</th><th>churn</th></tr><tr><td>1</td><td>0.2</td></tr></table>", HOSTILE],
                    "text/plain": ["   customer  churn\n", "0         1    0.2"]}},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}},
                {"output_type": "display_data", "metadata": {}, "data": {
                    "image/svg+xml": ["<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='owned'\"><script>document.title='owned'",
                                      "</script><circle r='9' cx='10' cy='10'/></svg>"]}},
                {"output_type": "error", "ename": "ValueError", "evalue": "no data", "traceback": ["\u001b[0;31mValueError\u001b[0m: no data"]},
            ],
        },
    ],
}


def as_client(server: Server, who: Person) -> Any:
    import mlflow

    os.environ.update(MLFLOW_TRACKING_TOKEN=who.token)
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    return mlflow


def experiments(server: Server, ada: Person, team: Team, rita: Person) -> dict[str, str]:
    """An experiment with runs of all kinds, and artifacts of all kinds, some of them hostile."""
    mlflow = as_client(server, ada)
    path = f"{ada.home}/projects/churn/churn"
    experiment = mlflow.set_experiment(path).experiment_id
    run_id = ""
    for depth in range(3, 15):
        with mlflow.start_run(run_name=f"depth {depth}") as run:
            mlflow.log_params({"depth": depth, "learning_rate": 0.1 / depth, "solver": "lbfgs"})
            for step in range(40):
                mlflow.log_metrics({"accuracy": 1 - 1 / (step + depth), "loss": depth / (step + 1)}, step=step)
            mlflow.set_tags({"team": "growth", "mlflow.note.content": f"## What this is\nDepth {depth}. {HOSTILE}"})
            run_id = run.info.run_id
    with mlflow.start_run(run_id=run_id):
        artifacts(mlflow)
        dataset(mlflow)
    with mlflow.start_run(run_name=HOSTILE):
        mlflow.log_param("script", HOSTILE)
    mlflow.MlflowClient().create_run(experiment, run_name="still running")
    mlflow.set_experiment(f"{ada.home}/projects/secret")
    team.admin.sdk.workspace.mkdirs("/Shared/Team notes")
    return {"experiment": experiment, "experimentPath": path, "run": run_id}


def artifacts(mlflow: Any) -> None:
    import base64

    mlflow.log_text("plain text\nof two lines\n", "notes.txt")
    mlflow.log_text("a,b,c\n1,2,3\n4,5,6\n", "table.csv")
    mlflow.log_dict({"a": {"b": [1, 2, {"c": HOSTILE}]}}, "data.json")
    mlflow.log_text(f"<h1>Report</h1>{HOSTILE}<p>below</p>", "report.html")
    mlflow.log_text(f"# Read me\n\n{HOSTILE}\n\n[x](javascript:alert(1))\n", "readme.md")
    mlflow.log_text("<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40' onload=\"document.title='owned'\">"
                    "<script>document.title='owned'</script><circle r='18' cx='20' cy='20'/></svg>", "shape.svg")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("dot.png", base64.b64decode(PIXEL)), ("paper.pdf", PDF), ("blob.bin", bytes(range(256)))):
            (Path(folder) / name).write_bytes(content)
            mlflow.log_artifact(str(Path(folder) / name), "files")


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def dataset(mlflow: Any) -> None:
    import pandas

    frame = pandas.DataFrame({"customer": [1, 2, 3], "churn": [0, 1, 0]})
    mlflow.log_input(mlflow.data.from_pandas(frame, source="/data/visits.parquet", name="visits"), context="training")


def models(server: Server, ada: Person, team: Team, rita: Person, second: Person) -> dict[str, str]:
    """A model with versions in stages, requests, checks, comments, aliases; and one that means harm."""
    mlflow = as_client(server, ada)
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment(f"{ada.home}/projects/churn/churn")
    for c in (0.1, 1.0, 10.0):
        with mlflow.start_run(run_name=f"C={c}"):
            mlflow.log_metric("accuracy", 0.9 + c / 200)
            fitted = LogisticRegression(C=c).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
            mlflow.sklearn.log_model(fitted, name="model", registered_model_name="churn", pip_requirements=["scikit-learn"])
    client = mlflow.MlflowClient()
    client.update_registered_model("churn", description=f"Who leaves, and when.\n\n{HOSTILE}")
    client.set_registered_model_alias("churn", "champion", "2")
    client.set_registered_model_tag("churn", "bailiwick.owner", ada.name)
    client.create_registered_model(HOSTILE.replace("/", "∕").replace(":", " "))
    client.create_registered_model("hidden")
    model = ada.call("GET", "/api/2.0/mlflow/databricks/registered-models/get?name=churn").ok()["registered_model_databricks"]["id"]
    team.grant("registered-models", model, rita, Level.CAN_READ, by=ada)
    team.grant("registered-models", model, second, Level.CAN_MANAGE_PRODUCTION_VERSIONS, by=ada)
    registry = ada.sdk.model_registry
    registry.create_transition_request("churn", "1", "Production", comment="the first that is any good")
    second.sdk.model_registry.approve_transition_request("churn", "1", "Production", True, comment="seen")
    registry.create_transition_request("churn", "3", "Production", comment=f"better {HOSTILE}")
    rita.sdk.model_registry.create_transition_request("churn", "2", "Staging", comment="please")
    registry.create_comment("churn", "3", f"Looks fine. {HOSTILE}")
    digest = ada.call("GET", f"{GOVERNANCE}/models/churn/versions/3/manifest").ok()["digest"]
    for name, state in (("unit tests", "success"), ("bias", "failure")):
        posted = ada.call("POST", f"{GOVERNANCE}/models/churn/versions/3/checks",
                          {"name": name, "state": state, "url": "https://ci.example.com/1", "digest": digest})
        if posted.status >= 300:
            raise SystemExit(f"check: {posted}")
    return {"model": str(model), "modelName": "churn"}


def webhooks(ada: Person) -> None:
    made = ada.mlflow("POST", "registry-webhooks/create", {
        "model_name": "churn", "events": ["COMMENT_CREATED"], "http_url_spec": {"url": "https://hooks.example.com/x"}, "description": "to chat",
    })
    if made.status >= 300:
        raise SystemExit(f"webhook: {made}")


if __name__ == "__main__":
    main()
