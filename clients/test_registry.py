"""The registry with MLflow's Python client, in both of its URI styles."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from bailiwick_clients.acting import DATABRICKS, HTTP, acting
from bailiwick_clients.place import Place, data
from bailiwick_clients.refusals import error_of, invalid, missing, refused
from bailiwick_clients.registry_life import Registered, RegistryLife


class TestHTTP(RegistryLife):
    uri = HTTP

    def test_aliases(self, client: MlflowClient, place: Place, ours: Registered) -> None:
        client.set_registered_model_alias(ours.name, "champion", "1")
        assert client.get_model_version_by_alias(ours.name, "champion").version == "1"
        assert client.get_registered_model(ours.name).aliases == {"champion": "1"}
        x, _ = data()
        with acting(ours.people["read"], self.uri) as reader:
            assert len(mlflow.pyfunc.load_model(f"models:/{ours.name}@champion").predict(x)) == len(x)
            refused(lambda: reader.set_registered_model_alias(ours.name, "mine", "1"), "CAN_MANAGE_PRODUCTION_VERSIONS", place.ada.name)
        with acting(ours.people["production"], self.uri) as manager:
            manager.set_registered_model_alias(ours.name, "champion", "1")
        client.delete_registered_model_alias(ours.name, "champion")
        invalid(lambda: client.get_model_version_by_alias(ours.name, "champion"), "not found")
        invalid(lambda: client.set_registered_model_alias(ours.name, "latest", "1"), "reserved")
        missing(lambda: client.set_registered_model_alias(ours.name, "none", "99"))

    def test_prompts(self, client: MlflowClient, place: Place) -> None:
        name = place.team.fresh("greeting")
        made = mlflow.genai.register_prompt(name, "Hello {{name}}", commit_message="first", tags={"team": "churn"})
        assert made.version == 1
        mlflow.genai.register_prompt(name, "Good day, {{name}}")
        mlflow.genai.set_prompt_alias(name, "formal", 2)
        assert mlflow.genai.load_prompt(f"prompts:/{name}/1").format(name="Ada") == "Hello Ada"
        assert mlflow.genai.load_prompt(f"prompts:/{name}@formal").template == "Good day, {{name}}"
        assert name in [p.name for p in mlflow.genai.search_prompts()]
        assert name not in [m.name for m in client.search_registered_models()]
        with acting(place.bob, self.uri):
            # not load_prompt: a process that has loaded a prompt keeps it
            assert place.bob.mlflow("GET", f"model-versions/get?name={name}&version=1").status == 404
            assert name not in [p.name for p in mlflow.genai.search_prompts()]

    def test_copy(self, client: MlflowClient, place: Place, ours: Registered) -> None:
        name = place.team.fresh("copied")
        copy = client.copy_model_version(f"models:/{ours.name}/1", name)
        assert (copy.name, copy.version, copy.run_id) == (name, "1", ours.run)
        manifests = [place.ada.call("GET", f"/api/governance/1.0/models/{m}/versions/1/manifest").ok() for m in (ours.name, name)]
        assert manifests[0]["digest"] == manifests[1]["digest"] and manifests[0]["files"] == manifests[1]["files"]


class TestDatabricks(RegistryLife):
    uri = DATABRICKS

    def test_the_client_itself_refuses_aliases(self, client: MlflowClient, ours: Registered) -> None:
        with pytest.raises(MlflowException):
            client.set_registered_model_alias(ours.name, "champion", "1")

    def test_the_workspace_answer_has_id_and_level(self, place: Place, ours: Registered) -> None:
        for level, who in ours.people.items():
            answer = who.sdk.model_registry.get_model(ours.name).registered_model_databricks
            assert (answer.id, answer.permission_level.value) == (ours.id, {
                "read": "CAN_READ", "edit": "CAN_EDIT", "staging": "CAN_MANAGE_STAGING_VERSIONS",
                "production": "CAN_MANAGE_PRODUCTION_VERSIONS", "manage": "CAN_MANAGE",
            }[level])
        assert "not found" in error_of(lambda: place.bob.sdk.model_registry.get_model(ours.name))

    def test_dbfs_reads_the_registry(self, place: Place, ours: Registered) -> None:
        root = f"dbfs:/databricks/model-registry/{ours.name}/1"
        reader = ours.people["read"].sdk.dbfs
        assert "MLmodel" in [f.path.rsplit("/", 1)[1] for f in reader.list(root)]
        assert reader.read(f"{root}/MLmodel").bytes_read > 0
        assert "not found" in error_of(lambda: place.bob.sdk.dbfs.read(f"{root}/MLmodel"))
