"""Ways around approvals, checks and the rule of two persons, and into what governs a model."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from bailiwick_clients.hidden_model import Registry, made, stage_of
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Answer
from bailiwick_clients.victim import bad, clean


class TestApprovals:
    @staticmethod
    def move(who: Person, name: str, stage: Any, route: str = "model-versions/transition-stage", version: Any = "1", **more: Any) -> Answer:
        return clean(who.mlflow("POST", route, {"name": name, "version": version, "stage": stage, **more}))

    MOVES = ["model-versions/transition-stage", "databricks/model-versions/transition-stage", "transition-requests/approve"]

    @pytest.mark.parametrize("stage", ["Production", "production", "PRODUCTION", "pRODUCTION", " Production", "Production ", "Produc\u200btion",
                                       "Ｐroduction", "Prod", "3", 3, None, ["Production"], {"a": 1}, "", "Production\u0000"])  # fmt: skip
    def test_no_spelling_leads_to_production(self, cast: dict[str, Person], staged: str, stage: Any, reg: Registry) -> None:
        reg.ada.mlflow("POST", "transition-requests/create", {"name": staged, "version": "1", "stage": "Production"}).ok()
        for route in self.MOVES:
            for level in ("read", "edit", "staging"):
                assert self.move(cast[level], staged, stage, route).status in (400, 403)
        assert stage_of(reg.ada, staged) == "None"

    @pytest.mark.parametrize(
        "version", ["1.0", " 1", "1 ", "-1", "0", "1e0", "0x1", "1_0", "x", "", 9999999999999999999999, None, ["1"], "latest", "Production"]
    )
    def test_versions_are_plain_numbers(self, reg: Registry, staged: str, version: Any) -> None:
        answer = self.move(reg.ada, staged, "Staging", version=version)
        assert answer.status in (400, 404), answer

    def test_others_requests(self, cast: dict[str, Person], staged: str) -> None:
        """Neither cancelled, nor approved, nor rejected by who may not; the creator's own in no other name."""
        asker, other = cast["read"], cast["edit"]
        asker.mlflow("POST", "transition-requests/create", {"name": staged, "version": "1", "stage": "Production"}).ok()
        of = f"name={staged}&version=1&stage=Production"
        for level in ("edit", "staging", "production"):
            for creator in (asker.name, asker.name.upper(), quote(f" {asker.name}"), asker.id):
                bad(cast[level].mlflow("DELETE", f"transition-requests/delete?{of}&creator={creator}"), (403, 404))
        bad(other.mlflow("DELETE", f"transition-requests/delete?{of}&creator={other.name}"), 404)  # he has none
        bad(other.mlflow("DELETE", f"transition-requests/delete?{of}"))
        for level in ("read", "edit", "staging"):
            for what in ("approve", "reject"):
                assert self.move(cast[level], staged, "Production", f"transition-requests/{what}").status == 403
        assert len(asker.mlflow("GET", f"transition-requests/list?name={staged}&version=1").ok()["requests"]) == 1
        assert stage_of(asker, staged) == "None"
        cast["manage"].mlflow("DELETE", f"transition-requests/delete?{of}&creator={asker.name}").ok()

    def test_others_comments(self, cast: dict[str, Person], staged: str) -> None:
        id = cast["read"].mlflow("POST", "comments/create", {"name": staged, "version": "1", "comment": "mine"}).ok()["comment"]["id"]
        for level in ("edit", "production", "manage"):
            answer = bad(cast[level].mlflow("PATCH", "comments/update", {"id": id, "comment": "theirs"}), 403)
            assert cast["read"].name in answer.message
            bad(cast[level].mlflow("DELETE", f"comments/delete?id={id}"), 403)
        shown = cast["read"].call("GET", f"{GOVERNANCE}/models/{staged}/versions/1/activities").body
        assert b"mine" in shown and b"theirs" not in shown

    def test_required_checks_hold_for_every_way(self, reg: Registry, cast: dict[str, Person], staged: str) -> None:
        of, checks = f"{GOVERNANCE}/models/{staged}", {"required_checks": [{"stage": "Production", "name": "ci"}]}
        for level in ("read", "edit", "staging", "production"):
            bad(cast[level].call("PUT", f"{of}/required-checks", {"required_checks": []}), 403)
        reg.ada.call("PUT", f"{of}/required-checks", checks).ok()
        digest = reg.ada.call("GET", f"{of}/versions/1/manifest").ok()["digest"]
        reg.ada.mlflow("POST", "transition-requests/create", {"name": staged, "version": "1", "stage": "Production"}).ok()
        for route in self.MOVES:
            for archive in (False, True):
                for who in (cast["production"], cast["manage"], Person(reg.world.server, "admin", "", "")):
                    answer = self.move(who, staged, "Production", route, archive_existing_versions=archive)
                    assert answer.status == 400 and "ci" in answer.message, answer
        for state, of_bytes in (("success", "0" * 64), ("success", ""), ("success", digest[:-1]), ("SUCCESS ", digest), ("ok", digest), ("", digest)):
            bad(cast["edit"].call("POST", f"{of}/versions/1/checks", {"name": "ci", "state": state, "digest": of_bytes}))
        bad(cast["read"].call("POST", f"{of}/versions/1/checks", {"name": "ci", "state": "success", "digest": digest}), 403)
        for name in ("CI", "ci ", "ci\u200b"):  # another check than the one that is asked for
            cast["edit"].call("POST", f"{of}/versions/1/checks", {"name": name, "state": "success", "digest": digest}).ok()
        assert self.move(cast["manage"], staged, "Production").status == 400
        assert stage_of(reg.ada, staged) == "None"
        cast["edit"].call("POST", f"{of}/versions/1/checks", {"name": "ci", "state": "success", "digest": digest}).ok()
        # The request was made before the check: it was for a version that had not passed.
        assert self.move(cast["production"], staged, "Production", "transition-requests/approve").status == 409
        assert self.move(cast["production"], staged, "Production").status == 200

    def test_two_persons(self, reg: Registry, cast: dict[str, Person], staged: str, team: Team) -> None:
        """One person does not bring a version into Production in any guise that this server can know to be the same person."""
        of, step = f"{GOVERNANCE}/models/{staged}/two-persons", {"name": staged, "version": "1", "stage": "Production"}
        boss, admin = cast["manage"], team.admin
        reg.ada.call("PUT", of, {"two_persons": "yes"}).ok()
        for level in ("read", "edit", "staging", "production"):
            bad(cast[level].call("PUT", of, {"two_persons": "inherit"}), 403)
        boss.mlflow("POST", "transition-requests/create", step).ok()
        second = Person(boss.server, boss.name, boss.id, boss.call("POST", "/api/2.0/token/create", {}).ok()["token_value"])
        for who in (boss, second):  # another token is the same person
            for route in self.MOVES:
                assert self.move(who, staged, "Production", route).status == 403
        for who in (boss, admin, cast["production"]):
            assert self.move(who, staged, "Production").status == 403, "a direct transition"
            alias = bad(who.mlflow("POST", "registered-models/alias", {"name": staged, "version": "1", "alias": "champion"}), 403)
            assert "two persons" in alias.message
        assert stage_of(boss, staged) == "None"
        # It goes with the model when that is renamed.
        boss.mlflow("POST", "registered-models/rename", {"name": staged, "new_name": staged + "-2"}).ok()
        assert self.move(boss, staged + "-2", "Production").status == 403
        boss.mlflow("POST", "registered-models/rename", {"name": staged + "-2", "new_name": staged}).ok()

        assert self.move(cast["production"], staged, "Production", "transition-requests/approve").status == 200
        # What two persons decided, one does not undo by deleting, nor by putting another model in the place of this one.
        bad(boss.mlflow("DELETE", f"model-versions/delete?name={staged}&version=1"))
        bad(boss.mlflow("DELETE", f"registered-models/delete?name={staged}"))
        bad(boss.mlflow("POST", "registered-models/rename", {"name": staged, "new_name": staged + "-old"}))
        assert stage_of(boss, staged) == "Production"

    def test_a_service_principal_is_another_person(self, reg: Registry, staged: str, team: Team) -> None:
        """A service principal counts as somebody else, also for the administrator who made it and holds its token: who its token is with is
        nothing that a server can know. Only administrators make service principals and tokens for them."""
        robot = team.service_principal("asker")
        reg.ada.call("PUT", f"{GOVERNANCE}/models/{staged}/two-persons", {"two_persons": "yes"}).ok()
        id = reg.ada.mlflow("GET", f"databricks/registered-models/get?name={staged}").ok()["registered_model_databricks"]["id"]
        entry = {"service_principal_name": robot.name, "permission_level": "CAN_READ"}
        reg.ada.call("PATCH", f"/api/2.0/permissions/registered-models/{id}", {"access_control_list": [entry]}).ok()
        robot.mlflow("POST", "transition-requests/create", {"name": staged, "version": "1", "stage": "Production"}).ok()
        assert self.move(team.admin, staged, "Production", "transition-requests/approve").status == 200
        bad(reg.mallory.call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "mine"}), 403)
        asked = {"application_id": robot.name, "lifetime_seconds": 60}
        bad(reg.mallory.call("POST", "/api/2.0/token-management/on-behalf-of/tokens", asked), (403, 404))

    def test_a_workspace_wide_rule_outlives_the_model(self, other_server: Any) -> None:
        """Deleted and made again under its name, a model has lost its own choice; the workspace's is still there."""
        team = Team(other_server.start())
        ada = team.user("ada")
        team.admin.call("PATCH", "/api/2.0/workspace-conf", {"requireTwoPersonsForProduction": "true"}).ok()
        experiment = ada.mlflow("POST", "experiments/create", {"name": "e"}).ok()["experiment_id"]
        for _ in range(2):
            made(ada, "again", experiment, b"x")
            assert self.move(ada, "again", "Production").status == 403
            bad(ada.call("PATCH", "/api/2.0/workspace-conf", {"requireTwoPersonsForProduction": "false"}), 403)
            ada.mlflow("DELETE", "registered-models/delete?name=again").ok()


class TestGovernedTags:
    @pytest.mark.parametrize(
        "key", ["bailiwick.owner", "bailiwick.tier", "bailiwick.lifecycle", "bailiwick.contact", "bailiwick.", "bailiwick.made-up"]
    )
    def test_not_by_edit_nor_on_versions(self, reg: Registry, cast: dict[str, Person], staged: str, key: str) -> None:
        value = "high" if key.endswith("tier") else cast["edit"].name
        for level in ("edit", "staging", "production"):
            bad(cast[level].mlflow("POST", "registered-models/set-tag", {"name": staged, "key": key, "value": value}), (400, 403))
            bad(cast[level].mlflow("DELETE", f"registered-models/delete-tag?name={staged}&key={key}"), (400, 403))
        for who in (cast["edit"], reg.ada):
            bad(who.mlflow("POST", "model-versions/set-tag", {"name": staged, "version": "1", "key": key, "value": value}))
            tags = [{"key": key, "value": value}]
            bad(who.mlflow("POST", "model-versions/create", {"name": staged, "source": f"models:/{staged}/1", "tags": tags}))
        model = reg.ada.mlflow("GET", f"registered-models/get?name={staged}").ok()["registered_model"]
        assert {t["key"]: t["value"] for t in model["tags"]} == {"bailiwick.owner": reg.ada.name}
