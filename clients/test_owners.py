"""Owners, tiers and required tags of experiments and registered models through MLflow's own client."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest
from databricks.sdk.service.iam import PermissionLevel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from bailiwick_clients.acting import HTTP, acting
from bailiwick_clients.people import GOVERNANCE, Person, Team


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


@pytest.fixture
def client(ada: Person) -> Iterator[MlflowClient]:
    with acting(ada, HTTP) as acted:
        yield acted


def owned_by(client: MlflowClient, owner: str) -> list[str]:
    return [e.experiment_id for e in client.search_experiments(filter_string=f"tags.\"bailiwick.owner\" = '{owner}'")]


def require(person: Person, folder: str, *tags: dict[str, object]) -> None:
    person.call("PUT", f"{GOVERNANCE}/required-tags?object={folder}", {"required_tags": list(tags)}).ok()


class TestExperiments:
    def test_tags_are_the_owner(self, client: MlflowClient, ada: Person, team: Team) -> None:
        group = team.group("churners")
        made = client.create_experiment("churn", tags={"bailiwick.tier": "high", "note": "x"})
        assert client.get_experiment(made).tags["bailiwick.owner"] == ada.name
        assert client.get_experiment(made).tags["bailiwick.tier"] == "high"
        client.set_experiment_tag(made, "bailiwick.owner", group)
        client.set_experiment_tag(made, "bailiwick.contact", "#churn")
        assert owned_by(client, group) == [made] and owned_by(client, ada.name) == []
        said = ada.call("GET", f"{GOVERNANCE}/steward?object=experiments/{made}").ok()
        assert (said["owner"], said["owner_kind"], said["contact"], said["tier"]) == (group, "group", "#churn", "high")
        client.delete_experiment_tag(made, "bailiwick.owner")
        assert owned_by(client, ada.name) == [made]

    def test_bad_values(self, client: MlflowClient) -> None:
        made = client.create_experiment("values")
        for key, value, words in [
            ("bailiwick.owner", "nobody", "no user, group or service principal"),
            ("bailiwick.tier", "huge", "critical, high, medium, low"),
            ("bailiwick.colour", "red", "bailiwick.owner, bailiwick.contact"),
        ]:
            with pytest.raises(MlflowException, match=words) as refused:
                client.set_experiment_tag(made, key, value)
            assert refused.value.error_code == "INVALID_PARAMETER_VALUE"

    def test_only_managers_say_who_owns(self, client: MlflowClient, team: Team) -> None:
        made = client.create_experiment("shared")
        client.set_experiment_tag(made, "bailiwick.contact", "ask-ada")
        ben = team.user("ben")
        team.grant("experiments", made, ben, PermissionLevel.CAN_EDIT)
        with acting(ben, HTTP) as theirs:
            theirs.set_experiment_tag(made, "note", "ben was here")
            with pytest.raises(MlflowException, match="CAN_MANAGE.*Ask ask-ada") as refused:
                theirs.set_experiment_tag(made, "bailiwick.owner", ben.name)
        assert refused.value.error_code == "PERMISSION_DENIED"

    def test_required_tags(self, client: MlflowClient, ada: Person) -> None:
        require(ada, ada.home, {"key": "team", "allowed": ["red", "blue"]})
        with pytest.raises(MlflowException, match='"team" is missing.*red, blue.*asked for it') as refused:
            mlflow.set_experiment("untagged")
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
        made = client.create_experiment("tagged", tags={"team": "red"})
        with pytest.raises(MlflowException, match='"team" is missing'):
            client.delete_experiment_tag(made, "team")
        client.set_experiment_tag(made, "team", "blue")
        require(ada, ada.home)
        assert mlflow.set_experiment("untagged").name == "untagged"

    def test_an_owner_who_leaves(self, client: MlflowClient, ada: Person, team: Team) -> None:
        made = client.create_experiment("left")
        zoe = team.user("zoe")
        client.set_experiment_tag(made, "bailiwick.owner", zoe.name)
        assert made not in neglected(ada)
        team.admin.sdk.users.delete(zoe.id)
        assert neglected(ada)[made] == "owner-removed"
        assert "bailiwick.owner" not in client.get_experiment(made).tags
        client.set_experiment_tag(made, "bailiwick.owner", ada.name)
        assert made not in neglected(ada)


def neglected(person: Person) -> dict[str, str]:
    """Why nobody answers for what the person sees, by id."""
    answer = person.call("GET", f"{GOVERNANCE}/unowned").ok()
    return {o["object"].split("/")[1]: o["unowned"] for o in answer["objects"]}


class TestRegisteredModels:
    def test_tags_are_the_owner(self, client: MlflowClient, ada: Person, team: Team) -> None:
        name, group = team.fresh("fraud"), team.group("frauders")
        client.create_registered_model(name, tags={"bailiwick.tier": "critical", "bailiwick.lifecycle": "active", "note": "x"})
        tags = client.get_registered_model(name).tags
        assert {k: v for k, v in tags.items() if k.startswith("bailiwick.")} == {
            "bailiwick.owner": ada.name,
            "bailiwick.tier": "critical",
            "bailiwick.lifecycle": "active",
        }
        client.set_registered_model_tag(name, "bailiwick.owner", group)
        found = client.search_registered_models(filter_string=f"tags.\"bailiwick.owner\" = '{group}'")
        assert [m.name for m in found] == [name]
        client.delete_registered_model_tag(name, "bailiwick.owner")
        assert client.get_registered_model(name).tags["bailiwick.owner"] == ada.name
        with pytest.raises(MlflowException, match="critical, high, medium, low"):
            client.set_registered_model_tag(name, "bailiwick.tier", "huge")
