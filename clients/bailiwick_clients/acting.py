"""Sets MLflow up as a person would: by environment variables, nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow.tracking import MlflowClient
from mlflow.tracking._tracking_service import utils as tracking_utils

from .people import Person

HTTP = "http"
DATABRICKS = "databricks"


def environment(who: Person, uri: str = HTTP) -> dict[str, str]:
    """The variables that a person sets to work with this server."""
    if uri == DATABRICKS:
        return {
            "MLFLOW_TRACKING_URI": DATABRICKS,
            "MLFLOW_REGISTRY_URI": DATABRICKS,
            "DATABRICKS_HOST": who.server.url,
            "DATABRICKS_TOKEN": who.token,
        }
    return {"MLFLOW_TRACKING_URI": who.server.url, "MLFLOW_TRACKING_TOKEN": who.token}


def basic(who: Person, name: str | None = None, password: str | None = None) -> dict[str, str]:
    """The variables of somebody who signs in with a name and, as password, a token."""
    return {
        "MLFLOW_TRACKING_URI": who.server.url,
        "MLFLOW_TRACKING_USERNAME": who.name if name is None else name,
        "MLFLOW_TRACKING_PASSWORD": who.token if password is None else password,
    }


@contextmanager
def using(variables: dict[str, str]) -> Iterator[MlflowClient]:
    """Runs a block with these variables and none of the two clients' others, and leaves no open run or chosen experiment behind."""
    kept = {k: os.environ.pop(k) for k in list(os.environ) if k.startswith(_STEERING)}
    os.environ.update(variables)
    mlflow.set_tracking_uri(None)  # None: as the environment says
    mlflow.set_registry_uri(None)
    tracking_utils._artifact_repos_cache.clear()  # somebody else's, where one person acts within another's block
    try:
        yield MlflowClient()
    finally:
        _leave()
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(kept)


# The variables that say where to and as whom; others (retries, telemetry) stay.
_STEERING = ("MLFLOW_TRACKING_", "MLFLOW_REGISTRY_", "MLFLOW_EXPERIMENT_", "MLFLOW_RUN_ID", "DATABRICKS_HOST", "DATABRICKS_TOKEN")


def _leave() -> None:
    while mlflow.active_run() is not None:
        mlflow.end_run()
    # A process is one person's to MLflow: it keeps the chosen experiment, and artifact clients with the token they were made with. There is
    # no public way to take these back.
    mlflow.tracking.fluent._active_experiment_id = None
    tracking_utils._artifact_repos_cache.clear()
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        os.environ.pop(name, None)


@contextmanager
def acting(who: Person, uri: str = HTTP) -> Iterator[MlflowClient]:
    """Runs a block as a person, with MLflow's client set up for the http or the databricks URI."""
    with using(environment(who, uri)) as client:
        yield client
