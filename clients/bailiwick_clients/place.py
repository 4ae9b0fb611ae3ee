"""Where the suites of MLflow's client play: a folder with people of each level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mlflow
import numpy as np
import pandas as pd
import pytest
from databricks.sdk.service.iam import PermissionLevel
from mlflow.tracking import MlflowClient

from .acting import HTTP, acting
from .people import Person, Team

# Given its requirements, the client does not start a second Python to find them out, which takes it some seconds.
QUICK = {"pip_requirements": ["scikit-learn"]}


@dataclass(frozen=True)
class Place:
    """A folder of Ada's with people of each level: Bob has none, Rita reads through a group, Ed edits."""

    team: Team
    folder: str
    folder_id: str
    ada: Person
    bob: Person
    rita: Person
    ed: Person


def data() -> tuple[pd.DataFrame, np.ndarray]:
    """A small table that a classifier learns well."""
    rng = np.random.default_rng(7)
    x = pd.DataFrame(rng.normal(size=(80, 3)), columns=["age", "calls", "bill"])
    return x, (x["age"] + x["bill"] > 0).to_numpy().astype(int)


def dataset_input(name: str) -> mlflow.entities.DatasetInput:
    return mlflow.entities.DatasetInput(mlflow.entities.Dataset(name, "d1", "local", "{}"), [])


class AtPlace:
    """The fixtures of every suite of MLflow's client; a suite says by which URI."""

    uri = HTTP

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, team: Team) -> Place:
        ada, bob, rita, ed = (team.user(n) for n in ("ada", "bob", "rita", "ed"))
        folder = f"{ada.home}/work"
        ada.sdk.workspace.mkdirs(folder)
        folder_id = str(ada.sdk.workspace.get_status(folder).object_id)
        readers = team.group("readers", rita)
        team.grant("directories", folder_id, readers, PermissionLevel.CAN_READ, by=ada)
        team.grant("directories", folder_id, ed, PermissionLevel.CAN_EDIT, by=ada)
        return Place(team, folder, folder_id, ada, bob, rita, ed)

    @pytest.fixture
    def client(self, place: Place) -> Iterator[MlflowClient]:
        """MLflow's client, acting as Ada."""
        with acting(place.ada, self.uri) as client:
            yield client

    @pytest.fixture
    def experiment(self, client: MlflowClient, place: Place, request: pytest.FixtureRequest) -> str:
        return client.create_experiment(f"{place.folder}/{request.node.name}")
