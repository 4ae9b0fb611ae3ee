"""Ways to what is somebody else's: one class a kind of advisory that other servers of this kind had."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import quote

import pytest

from bailiwick_clients.people import Person, Team
from bailiwick_clients.server import Server
from bailiwick_clients.victim import MLFLOW, PROXY, SECRET, Victim, bad, clean


class TestUncheckedRoutes:
    """Routes that other servers forgot to check."""

    def test_inputs_on_somebodys_run(self, world: Victim) -> None:
        body = {"run_id": world.run, "datasets": [{"dataset": {"name": "n", "digest": "d", "source_type": "local", "source": "{}"}}]}
        bad(world.mallory.mlflow("POST", "runs/log-inputs", body), 403)
        bad(world.mallory.mlflow("POST", "runs/outputs", {"run_id": world.run, "models": [{"model_id": "m-1", "step": 1}]}), (403, 404))

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/2.0/mlflow-artifacts/presigned/{e}/{r}/artifacts/secret.txt"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/create/{e}/{r}/artifacts/x"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/complete/{e}/{r}/artifacts/x"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/abort/{e}/{r}/artifacts/x"),
            ("GET", "/get-artifact?run_uuid={r}&path=secret.txt"),
            ("GET", "/ajax-api/2.0/mlflow/get-artifact?run_uuid={r}&path=secret.txt"),
            ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={r}&path=x"),
            ("GET", "/api/2.0/mlflow/artifacts/list?run_id={r}"),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts?path={e}/{r}/artifacts"),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts?path={e}"),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/secret.txt"),
            ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/secret.txt"),
            ("GET", "/api/2.0/mlflow-artifacts/artifacts/{e}/models/{m}/artifacts/secret.txt"),
            ("GET", "/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/{e}/Runs/{r}/artifacts/secret.txt"),
            ("PUT", "/api/2.0/fs/files/WorkspaceInternal/Mlflow/Artifacts/{e}/Runs/{r}/artifacts/x"),
            ("GET", "/api/2.0/fs/directories/WorkspaceInternal/Mlflow/Artifacts/{e}/Runs/{r}/artifacts"),
            ("GET", "/dbfs/databricks/mlflow-tracking/{e}/{r}/artifacts/secret.txt"),
            ("GET", "/api/2.0/dbfs/list?path=/databricks/mlflow-tracking/{e}/{r}/artifacts"),
            ("POST", "/api/2.0/mlflow/artifacts/credentials-for-read"),
            ("POST", "/api/2.0/mlflow/artifacts/credentials-for-write"),
            ("POST", "/api/2.0/fs/create-download-url"),
            ("POST", "/api/2.0/fs/create-upload-part-urls"),
            ("POST", "/api/2.0/mlflow/logged-models/{m}/artifacts/credentials-for-download"),
            ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={r}&metric_key=loss"),
            ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={r}&metric_key=loss&max_results=10"),
            ("GET", "/api/2.0/mlflow/metrics/get-history?run_id={r}&metric_key=loss"),
            ("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets"),
            ("GET", "/api/2.0/mlflow/logged-models/{m}"),
            ("PATCH", "/api/2.0/mlflow/logged-models/{m}"),
            ("DELETE", "/api/2.0/mlflow/logged-models/{m}"),
            ("GET", "/api/2.0/mlflow/logged-models/{m}/artifacts/directories"),
        ],
    )
    def test_not_for_strangers_nor_for_people_without_a_grant(self, world: Victim, method: str, path: str) -> None:
        path = path.format(e=world.experiment, r=world.run, m=world.model)
        body = (
            {
                "run_id": world.run,
                "path": ["secret.txt"],
                "paths": ["secret.txt"],
                "experiment_ids": [world.experiment],
                "model_id": world.model,
                "status": "LOGGED_MODEL_UPLOAD_FAILED",
            }
            if method in ("POST", "PATCH")
            else b"x"
            if method == "PUT"
            else None
        )
        stranger = clean(world.server.call(method, path, body, token=None))
        assert stranger.status in (401, 404, 405), stranger
        mallory = clean(world.mallory.call(method, path, body))
        assert mallory.status in (400, 403, 404, 405, 501) or mallory.json in ({}, {"metrics": []}, {"dataset_summaries": []}), mallory
        assert SECRET not in mallory.body and b"secret.txt" not in mallory.body.replace(path.encode(), b""), mallory

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_documents_that_are_not_the_four(self, world: Victim, method: str) -> None:
        """GraphQL knows the four documents of MLflow's pages; a client's own is refused, whoever sends it."""
        body = {"query": '{ mlflowGetRun(input: {runId: "%s"}) { run { info { runId } } } }' % world.run} if method == "POST" else None
        for who in (world.mallory, world.ada):
            answer = who.call(method, "/graphql", body)
            assert answer.status == 400 and answer.json["data"] is None and answer.json["errors"], answer

    @pytest.mark.parametrize(
        "path",
        [
            "/ajax-api/2.0/mlflow/graphql",
            "/ajax-api/3.0/jobs/1",
            "/ajax-api/3.0/mlflow/jobs/1",
            "/gateway/x/invocations",
            "/ajax-api/2.0/mlflow/gateway-proxy",
            "/ajax-api/3.0/mlflow/assistant/config",
            "/debug/pprof/",
            "/metrics/../api",
        ],
    )
    def test_doors_that_are_not_there(self, world: Victim, path: str) -> None:
        for method in ("GET", "POST"):
            for who in (world.mallory, world.ada):
                body = (
                    {"query": '{ mlflowGetRun(input: {runId: "%s"}) { run { info { runId } } } }' % world.run} if method == "POST" else None
                )
                bad(who.call(method, path, body), (404, 405, 501))

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/2.0/mlflow/users/create"),
            ("GET", "/signup"),
            ("POST", "/signup"),
            ("POST", "/api/3.0/mlflow/roles/create"),
            ("PATCH", "/api/2.0/mlflow/users/update-admin"),
            ("PATCH", "/api/2.0/mlflow/users/update-password"),
            ("POST", "/api/2.0/preview/scim/v2/Users"),
            ("POST", "/api/governance/1.0/login-links"),
            ("POST", "/login/guess"),
            ("POST", "/api/2.0/mlflow/users/permissions/grant"),
        ],
    )
    def test_nobody_makes_himself_an_account(self, world: Victim, method: str, path: str) -> None:
        body = {
            "username": "eve",
            "userName": "eve@example.org",
            "user_name": "admin",
            "password": "correct horse battery",
            "is_admin": True,
        }
        stranger = world.server.call(method, path, body, token=None, headers={"Accept": "application/json"})
        assert stranger.status in (401, 403, 404, 405), stranger
        assert world.mallory.call(method, path, body, headers={"Accept": "application/json"}).status in (401, 403, 404, 405)
        found = world.server.call("GET", "/api/2.0/preview/scim/v2/Users?filter=userName%20sw%20%22eve%22").ok()
        assert found["totalResults"] == 0

    def test_searches_show_nothing_of_others(self, world: Victim) -> None:
        for path, body in (
            ("runs/search", {"experiment_ids": [world.experiment]}),
            ("experiments/search", {"max_results": 5000, "filter": "name LIKE '%secret'"}),
            ("logged-models/search", {"experiment_ids": [world.experiment]}),
        ):
            answer = clean(world.mallory.mlflow("POST", path, body))
            assert world.run.encode() not in answer.body and world.model.encode() not in answer.body, answer
            assert answer.status in (200, 403, 404)
        answer = world.mallory.mlflow("POST", "experiments/search", {"max_results": 5000}).ok()
        assert world.experiment not in [e["experiment_id"] for e in answer.get("experiments", [])]

    def test_a_request_needs_all_its_abilities(self, world: Victim) -> None:
        """A write that names Ada's run in one field and Mallory's in another is decided for what it writes to."""
        bad(
            world.mallory.mlflow(
                "POST", "runs/log-metric", {"run_id": world.run, "run_uuid": world.his_run, "key": "m", "value": 1, "timestamp": 1}
            ),
            (400, 403),
        )
        answer = world.mallory.mlflow(
            "POST", "runs/log-metric", {"run_id": world.his_run, "run_uuid": world.run, "key": "m", "value": 1, "timestamp": 1}
        )
        assert answer.status in (200, 400, 403)
        answer = world.mallory.mlflow("GET", f"runs/get?run_id={world.his_run}&run_id={world.run}&run_uuid={world.run}")
        assert world.run.encode() not in answer.body or answer.status >= 400, answer


class TestVendedAddresses:
    """Signed addresses for one transfer: good for one method, one file and one caller, and decided again when they are used."""

    @staticmethod
    def vend(who: Person, run: str, path: str, way: str) -> str:
        answer = who.mlflow("POST", f"artifacts/credentials-for-{way}", {"run_id": run, "path": [path]}).ok()
        (info,) = answer["credential_infos"]
        assert info["signed_uri"].startswith(who.server.url), info
        return str(info["signed_uri"]).removeprefix(who.server.url)

    def test_use(self, world: Victim) -> None:
        m = world.mallory
        assert world.server.call("PUT", self.vend(m, world.his_run, "v/a.txt", "write"), b"vended", token=None).status == 200
        read = self.vend(m, world.his_run, "v/a.txt", "read")
        assert world.server.call("GET", read, token=None).body == b"vended"
        for method in ("PUT", "DELETE", "POST"):
            bad(world.server.call(method, read, b"x", token=None), (401, 403, 404, 405))
        bad(world.server.call("GET", self.vend(m, world.his_run, "v/b.txt", "write"), token=None), (401, 403, 404, 405))

    def test_not_for_who_may_not(self, world: Victim) -> None:
        for way in ("read", "write"):
            bad(world.mallory.mlflow("POST", f"artifacts/credentials-for-{way}", {"run_id": world.run, "path": ["secret.txt"]}), 403)
            bad(world.mallory.mlflow("POST", f"artifacts/credentials-for-{way}", {"run_id": world.his_run, "path": ["../../x"]}))
        for way in ("download", "upload"):
            bad(
                world.mallory.mlflow("POST", f"logged-models/{world.model}/artifacts/credentials-for-{way}", {"paths": ["secret.txt"]}), 403
            )

    def test_changed(self, world: Victim) -> None:
        head, seal, name = self.vend(world.mallory, world.his_run, "v/c.txt", "write").rsplit("/", 2)  # the name is for people only
        raw = bytearray(base64.urlsafe_b64decode(seal + "=="))
        for i in range(0, len(raw), max(1, len(raw) // 40)):
            raw[i] ^= 1
            changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
            bad(world.server.call("PUT", f"{head}/{changed}/{name}", b"x", token=None), 401)
            raw[i] ^= 1
        bad(world.server.call("PUT", f"{head}/x/{name}", b"x", token=None), 401)
        assert b"c.txt" not in world.mallory.call("GET", f"{PROXY}?path={world.his_experiment}/{world.his_run}/artifacts/v").body

    def test_taken_back(self, world: Victim, team: Team) -> None:
        """An address dies with the grant, and with the token, that it was made under."""
        guest = team.user("guest")
        for kind in ("grant", "token"):
            acl = {"access_control_list": [{"user_name": guest.name, "permission_level": "CAN_READ"}]}
            world.mallory.call("PUT", f"/api/2.0/permissions/experiments/{world.his_experiment}", acl).ok()
            world.mallory.call("PUT", f"{PROXY}/{world.his_experiment}/{world.his_run}/artifacts/v/d.txt", b"lent").ok()
            token = guest.call("POST", "/api/2.0/token/create", {}).ok()
            borrowed = Person(guest.server, guest.name, guest.id, token["token_value"])
            address = self.vend(borrowed, world.his_run, "v/d.txt", "read")
            assert world.server.call("GET", address, token=None).body == b"lent"
            if kind == "grant":
                world.mallory.call("PUT", f"/api/2.0/permissions/experiments/{world.his_experiment}", {"access_control_list": []}).ok()
            else:
                guest.call("POST", "/api/2.0/token/delete", {"token_id": token["token_info"]["token_id"]}).ok()
            assert bad(world.server.call("GET", address, token=None), (401, 403, 404)).body != b"lent"


class TestSpoofing:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-MLFLOW-WORKSPACE": "default"},
            {"X-MLFLOW-WORKSPACE": "../x"},
            {"X-Forwarded-For": "127.0.0.1"},
            {"X-Forwarded-User": "admin"},
            {"X-Remote-User": "admin"},
            {"X-Databricks-Workspace-Id": "1"},
            {"X-Databricks-Org-Id": "1"},
            {"X-HTTP-Method-Override": "GET"},
            {"X-Original-URL": "/health"},
            {"X-Rewrite-URL": "/health"},
            {"Forwarded": "for=127.0.0.1;host=admin"},
            {"Cookie": "session=admin"},
            {"X-Auth-Request-Email": "admin"},
            {"mlflow-request-header-Authorization": "Bearer x"},
        ],
    )
    def test_headers_give_nothing(self, world: Victim, headers: dict[str, str]) -> None:
        bad(world.mallory.mlflow("GET", f"runs/get?run_id={world.run}", headers=headers), (400, 403, 404))
        answer = clean(world.server.call("GET", f"{MLFLOW}/runs/get?run_id={world.run}", token=None, headers=headers))
        assert answer.status in (400, 401)

    def test_the_address_in_the_audit_trail_is_the_connections(self, world: Victim) -> None:
        mark = secrets.token_hex(6)
        world.mallory.mlflow(
            "POST", "experiments/create", {"name": f"{world.mallory.home}/{mark}"}, headers={"X-Forwarded-For": "203.0.113.9"}
        ).ok()
        events = (
            world.server.call("GET", f"/api/governance/1.0/audit?actor={quote(world.mallory.name)}&action=createMlflowExperiment").ok()[
                "events"
            ]
            or world.server.call("GET", f"/api/governance/1.0/audit?actor={quote(world.mallory.name)}").ok()["events"]
        )
        (made,) = [e for e in events if mark in json.dumps(e["request_params"])]
        assert made["source_ip_address"] == "127.0.0.1"

    def test_other_host_names_are_refused(self, world: Victim) -> None:
        """A page of another site whose name points here (DNS rebinding)."""
        answer = world.mallory.mlflow("POST", "experiments/search", {"max_results": 1}, headers={"Host": "evil.example.org"})
        assert clean(answer).status in (400, 403, 421), answer

    def test_no_default_password(self, world: Victim) -> None:
        for name, password in (("admin", "password1234"), ("admin", "password"), ("admin", "admin"), ("mlflow", "mlflow")):
            code = base64.b64encode(f"{name}:{password}".encode()).decode()
            answer = world.server.call(
                "POST", f"{MLFLOW}/experiments/search", {"max_results": 1}, token=None, headers={"Authorization": f"Basic {code}"}
            )
            assert answer.status == 401

    def test_tokens_in_other_places_do_not_count(self, world: Victim) -> None:
        for path in (f"?access_token={world.ada.token}", f"?token={world.ada.token}"):
            answer = world.server.call("POST", f"{MLFLOW}/experiments/search{path}", {"max_results": 1}, token=None)
            assert answer.status == 401


class TestEscalation:
    def test_nobody_raises_himself(self, world: Victim) -> None:
        mine = {"access_control_list": [{"user_name": world.mallory.name, "permission_level": "CAN_MANAGE"}]}
        for kind, object_id in (
            ("experiments", world.experiment),
            ("directories", "0"),
            ("registered-models", "root"),
            ("authorization", "tokens"),
        ):
            for method in ("PUT", "PATCH"):
                bad(world.mallory.call(method, f"/api/2.0/permissions/{kind}/{object_id}", mine), (403, 404))
                bad(world.mallory.call(method, f"/api/governance/1.0/permissions/{kind}/{object_id}", mine), (403, 404))

    def test_moving_takes_nothing_along(self, world: Victim) -> None:
        for destination in (f"{world.mallory.home}/taken", "/Shared/taken"):
            bad(
                world.mallory.call(
                    "POST", "/api/governance/1.0/workspace/move", {"path": f"{world.ada.home}/secret", "destination": destination}
                ),
                (403, 404),
            )
            bad(
                world.mallory.call(
                    "POST", "/api/governance/1.0/workspace/clone", {"path": f"{world.ada.home}/secret", "destination": destination}
                ),
                (400, 403, 404),
            )
        bad(
            world.mallory.mlflow(
                "POST", "experiments/update", {"experiment_id": world.experiment, "new_name": f"{world.mallory.home}/taken"}
            ),
            (403, 404),
        )

    def test_asking_about_others_is_not_for_everybody(self, world: Victim) -> None:
        for path in (
            f"can?principal={quote(world.ada.name)}&ability=view-runs&object=experiments/{world.experiment}",
            f"what-can?principal={quote(world.ada.name)}",
            f"who-can?ability=view-runs&object=experiments/{world.experiment}",
            "audit",
            "audit/export",
            "audit/checkpoint",
        ):
            bad(world.mallory.call("GET", f"/api/governance/1.0/{path}"), (403, 404))


def test_names_are_hidden_where_that_is_asked_for(other_server: Server) -> None:
    """With enforceWorkspaceViewAcls, what one may not see is answered as what is not there."""
    team = Team(other_server.start())
    ada, bob = team.user("ada"), team.user("bob")
    experiment = ada.mlflow("POST", "experiments/create", {"name": "hidden"}).ok()["experiment_id"]
    run = ada.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
    assert bob.mlflow("GET", f"runs/get?run_id={run}").status == 403
    team.admin.call("PATCH", "/api/2.0/workspace-conf", {"enforceWorkspaceViewAcls": "true"}).ok()
    no_id, no_run = "4503599627370495", "0" * 32
    for path, there, absent in (
        ("/api/2.0/mlflow/experiments/get?experiment_id={}", experiment, no_id),
        ("/api/2.0/mlflow/runs/get?run_id={}", run, no_run),
        ("/api/2.0/mlflow/experiments/get-by-name?experiment_name={}", f"{ada.home}/hidden", f"{ada.home}/absent"),
        ("/api/2.0/workspace/get-status?path={}", f"{ada.home}/hidden", f"{ada.home}/absent"),
        ("/api/2.0/permissions/experiments/{}", experiment, no_id),
        (f"{PROXY}?path={experiment}/{{}}/artifacts", run, no_run),
        (f"{PROXY}/{experiment}/{{}}/artifacts/x", run, no_run),
    ):
        hidden, none = (bad(bob.call("GET", path.format(quote(name))), 404) for name in (there, absent))
        assert (hidden.code, hidden.message.replace(there, "X")) == (none.code, none.message.replace(absent, "X")), path
    listed = bob.call("GET", f"/api/2.0/workspace/list?path={quote(ada.home)}")
    assert b"hidden" not in listed.body
    assert ada.mlflow("GET", f"runs/get?run_id={run}").status == 200
