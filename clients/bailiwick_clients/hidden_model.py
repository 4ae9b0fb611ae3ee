"""Ada's registered model, which others try to get at, and people of every level on another of hers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .people import GOVERNANCE, Person, Team
from .victim import PROXY, SECRET, Victim

VERSIONS = f"{PROXY}/model-registry"
LEVELS = {
    "read": "CAN_READ",
    "edit": "CAN_EDIT",
    "staging": "CAN_MANAGE_STAGING_VERSIONS",
    "production": "CAN_MANAGE_PRODUCTION_VERSIONS",
    "manage": "CAN_MANAGE",
}


@dataclass(frozen=True)
class Registry:
    """Ada's hidden model with a version, a comment, a pending request and a webhook, and Mallory's own model."""

    world: Victim
    name: str
    id: str
    run: str  # that its version comes from
    comment: str
    hook: str
    his: str

    @property
    def ada(self) -> Person:
        return self.world.ada

    @property
    def mallory(self) -> Person:
        return self.world.mallory

    def fill(self, text: str) -> str:
        w = self.world
        return text.format(
            n=self.name, e=w.experiment, r=self.run, m=w.model, he=w.his_experiment, hr=w.his_run, his=self.his, url=w.server.url,
            port=w.server.port, data=w.server.data, first=f"%{ord(self.name[0]):02x}{self.name[1:]}",
        )  # fmt: skip

    def seen(self) -> tuple[Any, ...]:
        """The model as Ada sees it."""
        model = self.ada.mlflow("GET", f"databricks/registered-models/get?name={self.name}").ok()
        version = self.ada.mlflow("GET", f"model-versions/get?name={self.name}&version=1").ok()
        of = f"{GOVERNANCE}/models/{self.name}/versions/1"
        rest = [self.ada.call("GET", f"{of}/{part}").ok() for part in ("manifest", "activities", "checks")]
        hooks = self.ada.mlflow("GET", f"registry-webhooks/list?model_name={self.name}").ok()
        acl = self.ada.call("GET", f"/api/2.0/permissions/registered-models/{self.id}").ok()
        return model, version, rest, hooks, acl, self.ada.call("GET", f"{VERSIONS}/{self.name}/1/secret.txt").body


def made(who: Person, name: str, experiment: str, content: bytes) -> str:
    """Makes a registered model with one version of a new run, and gives the run."""
    run = str(who.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"])
    who.call("PUT", f"{PROXY}/{experiment}/{run}/artifacts/model/secret.txt", content).ok()
    who.mlflow("POST", "registered-models/create", {"name": name}).ok()
    who.mlflow("POST", "model-versions/create", {"name": name, "source": f"runs:/{run}/model"}).ok()
    return run


def stage_of(who: Person, name: str, version: str = "1") -> str:
    return str(who.mlflow("GET", f"model-versions/get?name={name}&version={version}").ok()["model_version"]["current_stage"])


def make_registry(world: Victim, team: Team) -> Registry:
    """Ada's hidden model with all that a model can have, and Mallory's own."""
    name, his, ada = team.fresh("hidden"), team.fresh("his"), world.ada
    experiment = ada.mlflow("POST", "experiments/create", {"name": f"{ada.home}/models"}).ok()["experiment_id"]
    run = made(ada, name, experiment, SECRET)
    made(world.mallory, his, world.his_experiment, b"his own")
    of = {"name": name, "version": "1"}
    ada.mlflow("POST", "registered-models/alias", {**of, "alias": "champion"}).ok()
    ada.mlflow("POST", "transition-requests/create", {**of, "stage": "Production", "comment": "please"}).ok()
    comment = ada.mlflow("POST", "comments/create", {**of, "comment": "hers"}).ok()["comment"]["id"]
    spec = {"model_name": name, "events": ["COMMENT_CREATED"], "status": "DISABLED", "http_url_spec": {"url": "https://hooks.example.org/x"}}
    hook = ada.mlflow("POST", "registry-webhooks/create", spec).ok()["webhook"]["id"]
    id = ada.mlflow("GET", f"databricks/registered-models/get?name={name}").ok()["registered_model_databricks"]["id"]
    return Registry(world, name, id, run, comment, hook, his)


def make_staged(it: Registry, team: Team, cast: dict[str, Person]) -> str:
    """A model of Ada's with one version, on which everybody of the cast has his level."""
    name = team.fresh("staged")
    experiment = it.ada.mlflow("POST", "experiments/create", {"name": f"{it.ada.home}/{name}"}).ok()["experiment_id"]
    made(it.ada, name, experiment, SECRET)
    rows = [{"user_name": who.name, "permission_level": LEVELS[level]} for level, who in cast.items()]
    id = it.ada.mlflow("GET", f"databricks/registered-models/get?name={name}").ok()["registered_model_databricks"]["id"]
    rows.append({"user_name": it.ada.name, "permission_level": "CAN_MANAGE"})
    it.ada.call("PUT", f"/api/2.0/permissions/registered-models/{id}", {"access_control_list": rows}).ok()
    return name
