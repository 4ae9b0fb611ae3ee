"""A model's life in the registry, as the people of a team live it with their usual clients, and where each is refused."""

from __future__ import annotations

from dataclasses import dataclass

import mlflow
import pytest
from databricks.sdk.service.iam import PermissionLevel
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from .acting import acting
from .people import Person
from .place import QUICK, AtPlace, Place, data
from .refusals import error_of, invalid, missing, refused

LEVELS = {
    "read": PermissionLevel.CAN_READ,
    "edit": PermissionLevel.CAN_EDIT,
    "staging": PermissionLevel.CAN_MANAGE_STAGING_VERSIONS,
    "production": PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS,
    "manage": PermissionLevel.CAN_MANAGE,
}


@dataclass(frozen=True)
class Registered:
    """A model of Ada's with one version, and a person of each level."""

    name: str
    id: str
    run: str
    logged: str
    people: dict[str, Person]


class RegistryLife(AtPlace):
    def train(self, place: Place, name: str) -> mlflow.models.model.ModelInfo:
        mlflow.set_experiment(f"{place.folder}/{name}")
        x, y = data()
        with mlflow.start_run():
            return mlflow.sklearn.log_model(LogisticRegression().fit(x, y), name="model", input_example=x[:2], **QUICK)

    @pytest.fixture(scope="class")
    @classmethod
    def ours(cls, place: Place) -> Registered:
        with acting(place.ada, cls.uri):
            info = cls().train(place, "trained")
            name = place.team.fresh("churn")
            mlflow.register_model(info.model_uri, name)
        id = str(place.ada.sdk.model_registry.get_model(name).registered_model_databricks.id)
        people = {level: place.team.user(level) for level in LEVELS}
        for level, who in people.items():
            place.team.grant("registered-models", id, who, LEVELS[level], by=place.ada)
        return Registered(name, id, info.run_id, info.model_id, people)

    def test_from_training_to_production(self, place: Place, ours: Registered) -> None:
        """Ed's team trains, registers, requests, approves, loads the Production model and predicts."""
        x, _ = data()
        with acting(place.ada, self.uri):
            info = self.train(place, "story")
            version = mlflow.register_model(info.model_uri, ours.name, tags={"reason": "story"})
        assert (version.status, version.run_id, version.tags) == ("READY", info.run_id, {"reason": "story"})

        reader, approver = ours.people["read"], ours.people["production"]
        asked = reader.sdk.model_registry.create_transition_request(ours.name, version.version, "Production", comment="please")
        assert asked.request.to_stage == "Production"
        # asking is no right to decide: the refusal says what would be, and who can give it
        text = error_of(lambda: reader.sdk.model_registry.approve_transition_request(ours.name, version.version, "Production", True))
        assert "CAN_MANAGE_PRODUCTION_VERSIONS" in text and place.ada.name in text, text
        done = approver.sdk.model_registry.approve_transition_request(ours.name, version.version, "Production", True, comment="seen")
        assert done.activity.to_stage == "Production"

        with acting(reader, self.uri) as client:
            assert client.get_latest_versions(ours.name, ["Production"])[0].version == version.version
            model = mlflow.pyfunc.load_model(f"models:/{ours.name}/Production")
            assert len(model.predict(x)) == len(x)
            assert len(mlflow.sklearn.load_model(f"models:/{ours.name}/{version.version}").predict(x)) == len(x)
            refused(lambda: client.transition_model_version_stage(ours.name, version.version, "Archived"), "CAN_MANAGE_PRODUCTION_VERSIONS", place.ada.name)
        with acting(ours.people["staging"], self.uri) as client:
            refused(lambda: client.transition_model_version_stage(ours.name, version.version, "Archived"), "CAN_MANAGE_PRODUCTION_VERSIONS")
        with acting(approver, self.uri) as client:
            assert client.transition_model_version_stage(ours.name, version.version, "Archived").current_stage == "Archived"

    def test_who_may_do_nothing_learns_nothing(self, place: Place, ours: Registered) -> None:
        with acting(place.bob, self.uri) as client:
            for call in [
                lambda: client.get_registered_model(ours.name),
                lambda: client.get_model_version(ours.name, "1"),
                lambda: client.get_model_version_download_uri(ours.name, "1"),
                lambda: client.update_registered_model(ours.name, "mine"),
                lambda: client.delete_registered_model(ours.name),
                lambda: client.transition_model_version_stage(ours.name, "1", "Staging"),
                lambda: client.set_registered_model_tag(ours.name, "k", "v"),
            ]:
                assert ours.name in missing(call)
            assert ours.name not in [m.name for m in client.search_registered_models()]
            assert list(client.search_model_versions(f"name = '{ours.name}'")) == []

    REFUSED = {
        "read": [
            ("CAN_EDIT", lambda c, o: c.create_model_version(o.name, f"models:/{o.name}/1")),
            ("CAN_EDIT", lambda c, o: c.update_model_version(o.name, "1", "d")),
            ("CAN_EDIT", lambda c, o: c.update_registered_model(o.name, "d")),
            ("CAN_EDIT", lambda c, o: c.set_model_version_tag(o.name, "1", "k", "v")),
            ("CAN_MANAGE_STAGING_VERSIONS", lambda c, o: c.transition_model_version_stage(o.name, "1", "Staging")),
        ],
        "edit": [
            ("CAN_MANAGE_STAGING_VERSIONS", lambda c, o: c.transition_model_version_stage(o.name, "1", "Archived")),
            ("CAN_MANAGE", lambda c, o: c.rename_registered_model(o.name, "mine")),
            ("CAN_MANAGE", lambda c, o: c.set_registered_model_tag(o.name, "bailiwick.tier", "high")),
        ],
        "staging": [
            ("CAN_MANAGE_PRODUCTION_VERSIONS", lambda c, o: c.transition_model_version_stage(o.name, "1", "Production")),
            ("CAN_MANAGE", lambda c, o: c.delete_model_version(o.name, "1")),
        ],
        "production": [
            ("CAN_MANAGE", lambda c, o: c.delete_registered_model(o.name)),
            ("CAN_MANAGE", lambda c, o: c.rename_registered_model(o.name, "mine")),
        ],
    }

    @pytest.mark.parametrize("level", REFUSED)
    def test_each_level_is_refused_what_it_lacks(self, place: Place, ours: Registered, level: str) -> None:
        with acting(ours.people[level], self.uri) as client:
            assert client.get_model_version(ours.name, "1").version == "1"
            for least, call in self.REFUSED[level]:
                refused(lambda call=call: call(client, ours), least, place.ada.name)

    def test_a_version_is_no_door_to_a_run(self, place: Place, ours: Registered) -> None:
        """Who may add versions, but not read the run, cannot take its bytes into a model."""
        with acting(ours.people["edit"], self.uri) as client:
            refused(lambda: client.create_model_version(ours.name, f"models:/{ours.logged}", model_id=ours.logged))
            made = client.create_model_version(ours.name, f"models:/{ours.name}/1")
            assert made.status == "READY"

    def test_descriptions_tags_and_stages(self, client: MlflowClient, place: Place, ours: Registered) -> None:
        client.update_registered_model(ours.name, "who leaves")
        client.update_model_version(ours.name, "1", "the first")
        client.set_registered_model_tag(ours.name, "team", "churn")
        client.set_model_version_tag(ours.name, "1", "data", "2026-10")
        model, version = client.get_registered_model(ours.name), client.get_model_version(ours.name, "1")
        assert (model.description, version.description) == ("who leaves", "the first")
        assert model.tags["team"] == "churn" and version.tags == {"data": "2026-10"}
        client.delete_registered_model_tag(ours.name, "team")
        client.delete_model_version_tag(ours.name, "1", "data")
        assert "team" not in client.get_registered_model(ours.name).tags
        for stage in ("Staging", "Production", "Archived", "None"):
            assert client.transition_model_version_stage(ours.name, "1", stage).current_stage == stage
        invalid(lambda: client.transition_model_version_stage(ours.name, "1", "Nowhere"), "Nowhere")
        missing(lambda: client.get_model_version(ours.name, "99"))

    def test_archiving_what_was_there(self, client: MlflowClient, place: Place) -> None:
        name = place.team.fresh("archived")
        info = self.train(place, "archiving")
        versions = [mlflow.register_model(info.model_uri, name).version for _ in range(2)]
        client.transition_model_version_stage(name, versions[0], "Staging")
        client.transition_model_version_stage(name, versions[1], "Staging", archive_existing_versions=True)
        assert [client.get_model_version(name, v).current_stage for v in versions] == ["Archived", "Staging"]

    def test_models_are_found(self, client: MlflowClient, place: Place, ours: Registered) -> None:
        names = [place.team.fresh("found") for _ in range(5)]
        for i, name in enumerate(names):
            client.create_registered_model(name, tags={"half": str(i % 2)}, description=f"number {i}")
        found = client.search_registered_models("tags.half = '1' AND name LIKE 'found%'")
        assert [m.name for m in found if m.name in names] == sorted(names[1::2])
        first = client.search_registered_models("name LIKE 'found%'", max_results=2, order_by=["name DESC"])
        second = client.search_registered_models("name LIKE 'found%'", max_results=2, order_by=["name DESC"], page_token=first.token)
        listed = [m.name for m in [*first, *second]]
        assert listed == sorted(listed, reverse=True) and len(set(listed)) == 4
        versions = client.search_model_versions(f"name = '{ours.name}'", order_by=["version_number ASC"])
        assert versions[0].version == "1" and all(v.name == ours.name for v in versions)
        assert [v.version for v in client.search_model_versions(f"run_id = '{ours.run}'")] != []
        invalid(lambda: client.search_registered_models("colour = 'red'"))

    def test_rename_and_delete(self, client: MlflowClient, place: Place) -> None:
        name, other = place.team.fresh("before"), place.team.fresh("after")
        mlflow.register_model(self.train(place, "renaming").model_uri, name)
        client.rename_registered_model(name, other)
        assert client.get_registered_model(other).name == other
        missing(lambda: client.get_registered_model(name))
        x, _ = data()
        assert len(mlflow.pyfunc.load_model(f"models:/{other}/1").predict(x)) == len(x)
        client.delete_model_version(other, "1")
        missing(lambda: client.get_model_version(other, "1"))
        client.delete_registered_model(other)
        missing(lambda: client.get_registered_model(other))

    def test_a_version_outlives_its_run(self, client: MlflowClient, place: Place) -> None:
        name = place.team.fresh("kept")
        info = self.train(place, "forgotten")
        mlflow.register_model(info.model_uri, name)
        experiment = client.get_run(info.run_id).info.experiment_id
        client.delete_experiment(experiment)
        place.ada.call("POST", "/api/governance/1.0/experiments/purge", {"experiment_id": experiment}).ok()
        missing(lambda: client.get_run(info.run_id))
        x, _ = data()
        assert len(mlflow.pyfunc.load_model(f"models:/{name}/1").predict(x)) == len(x)
