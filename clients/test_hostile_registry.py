"""Ways to somebody else's models, and into what is said to be immutable."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from bailiwick_clients.hidden_model import VERSIONS, Registry, made
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Answer
from bailiwick_clients.victim import FILES, MLFLOW, PROXY, REFUSED, SECRET, bad, clean

PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


def named(name: str) -> str:
    return quote(f"name = '{name}'")


class TestDeputies:
    """Versions in one's own model whose bytes would be somebody else's."""

    SOURCES = [
        "runs:/{r}/model", "runs:/{r}", "runs://{r}/model", "runs:///{r}/model", "runs:/{r}/model/../model",
        "runs:/{hr}/../{r}/model", "runs:/{hr}/..%2f{r}/model", "runs:/{hr}/%2e%2e/{r}/model", "runs:/{hr}/..%252f{r}/model",
        "runs:/{r}%2Fmodel", "RUNS:/{r}/model", "mlflow-artifacts:/{e}/{r}/artifacts/model",
        "mlflow-artifacts:/{he}/{r}/artifacts/model", "mlflow-artifacts:///{e}/{r}/artifacts/model",
        "mlflow-artifacts:/{he}/{hr}/artifacts/../../../{e}/{r}/artifacts/model",
        "mlflow-artifacts:/{he}/{hr}/artifacts/..%2F..%2F..%2F{e}/{r}/artifacts",
        "mlflow-artifacts:/{he}/{hr}/artifacts/%252e%252e/%252e%252e/%252e%252e/{e}/{r}/artifacts",
        "mlflow-artifacts:/{e}%2F{r}%2Fartifacts/model", "mlflow-artifacts://127.0.0.1:{port}/{e}/{r}/artifacts/model",
        "mlflow-artifacts:/{e}/models/{m}/artifacts", "mlflow-artifacts:/{e}", "mlflow-artifacts:/model-registry/{n}/1",
        "mlflow-artifacts:/model-registry/{his}/../{n}/1", "mlflow-artifacts:/model-registry/{n}%2F1",
        "{url}/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/model",
        "{url}/ajax-api/2.0/mlflow-artifacts/artifacts/model-registry/{n}/1",
        "http://user:pass@127.0.0.1:{port}/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/model",
        "dbfs:/databricks/mlflow-tracking/{e}/{r}/artifacts/model", "dbfs://databricks/mlflow-tracking/{e}/{r}/artifacts/model",
        "dbfs:/databricks/mlflow-tracking/{he}/{hr}/artifacts/../../../{e}/{r}/artifacts/model",
        "dbfs:/databricks/model-registry/{n}/1", "dbfs:/databricks/model-registry/{his}/1/../../{n}/1",
        "dbfs:/databricks/model-registry/{first}/1", "dbfs:/DATABRICKS/model-registry/{n}/1", "models:/{n}/1", "models:/{n}/01",
        "models:/{n}/None", "models:/{n}/latest", "models:/{n}@champion", "models:/{n}@other", "models:/{n}/7",
        "models:/{first}/1", "models://{n}/1", "models:/{his}/../{n}/1", "models:/{n}/1/secret.txt", "models:/{m}",
        "models:/{m}/", "models:/{m}/../x", "models:/{n}", "models:/{n}@", "Models:/{n}/1", "file://{data}/artifacts",
        "{data}/artifacts", "file:///etc/passwd", "/etc/passwd", "file://localhost{data}", "http://169.254.169.254/latest",
        "s3://bucket/x", "javascript:alert(1)", "C:\\x", "..", "/", ":", "runs:", "models:/",
    ]  # fmt: skip

    @pytest.mark.parametrize("source", SOURCES)
    def test_no_source_is_a_door(self, reg: Registry, source: str) -> None:
        m, source = reg.mallory, reg.fill(source)
        for more in ({}, {"run_id": reg.world.his_run}, {"run_id": reg.run}, {"model_id": reg.world.model}):
            answer = m.mlflow("POST", "model-versions/create", {"name": reg.his, "source": source, **more})
            bad(replace(answer, body=answer.body.replace(source.encode(), b"")), REFUSED)  # his own words may come back to him
            assert "%!" not in answer.message, answer
        found = m.mlflow("GET", f"model-versions/search?filter={named(reg.his)}").ok()["model_versions"]
        assert [v["version"] for v in found] == ["1"]

    def test_a_prompt_is_no_door(self, reg: Registry, team: Team) -> None:
        """What calls itself a prompt has no files, so no check of its source: it must not be given any."""
        prompt, source = team.fresh("prompt"), f"models:/{reg.name}/1"
        bad(reg.mallory.mlflow("POST", "model-versions/create", {"name": reg.his, "source": source, "tags": PROMPT}))
        reg.mallory.mlflow("POST", "registered-models/create", {"name": prompt, "tags": PROMPT}).ok()
        reg.mallory.mlflow("POST", "model-versions/create", {"name": prompt, "source": source, "tags": PROMPT}).ok()
        assert SECRET not in clean(reg.mallory.call("GET", f"{VERSIONS}/{prompt}/1/secret.txt")).body
        listed = clean(reg.mallory.mlflow("GET", f"model-versions/list-artifacts?name={prompt}&version=1"))
        assert b"secret.txt" not in listed.body
        bad(reg.mallory.mlflow("POST", "model-versions/create", {"name": reg.his, "source": f"models:/{prompt}/1"}), REFUSED)

    def test_others_as_the_origin_of_ones_own(self, reg: Registry) -> None:
        """A run and a logged model that are shown beside a version as where it comes from are asked for like a source."""
        for more in ({"run_id": reg.run}, {"model_id": reg.world.model}):
            for source in (f"models:/{reg.his}/1", f"mlflow-artifacts:/model-registry/{reg.his}/1"):
                bad(reg.mallory.mlflow("POST", "model-versions/create", {"name": reg.his, "source": source, **more}), REFUSED)

    def test_a_reader_copies_and_nobody_else(self, reg: Registry, cast: dict[str, Person], staged: str, team: Team) -> None:
        """Who may read a version may make one of it; the run that it comes from is no nearer to him for that."""
        reader, own = cast["read"], team.fresh("copies")
        reader.mlflow("POST", "registered-models/create", {"name": own}).ok()
        copied = reader.mlflow("POST", "model-versions/create", {"name": own, "source": f"models:/{staged}/1"}).ok()["model_version"]
        assert reader.call("GET", f"{VERSIONS}/{own}/{copied['version']}/secret.txt").body == SECRET
        bad(reader.mlflow("POST", "model-versions/create", {"name": own, "source": f"runs:/{copied['run_id']}/model"}), (403, 404))
        bad(reader.mlflow("POST", "model-versions/create", {"name": staged, "source": f"models:/{own}/1"}), 403)


ROUTES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", f"{MLFLOW}/registered-models/get?name={{n}}", None),
    ("GET", f"{MLFLOW}/databricks/registered-models/get?name={{n}}", None),
    ("PATCH", f"{MLFLOW}/registered-models/update", {"name": "{n}", "description": "x"}),
    ("POST", f"{MLFLOW}/registered-models/rename", {"name": "{n}", "new_name": "mine"}),
    ("DELETE", f"{MLFLOW}/registered-models/delete?name={{n}}", None),
    ("DELETE", f"{MLFLOW}/registered-models/delete", {"name": "{n}"}),
    ("POST", f"{MLFLOW}/registered-models/set-tag", {"name": "{n}", "key": "k", "value": "v"}),
    ("POST", f"{MLFLOW}/registered-models/set-tag", {"name": "{n}", "key": "bailiwick.owner", "value": "admin"}),
    ("DELETE", f"{MLFLOW}/registered-models/delete-tag?name={{n}}&key=k", None),
    ("POST", f"{MLFLOW}/registered-models/get-latest-versions", {"name": "{n}"}),
    ("GET", f"{MLFLOW}/registered-models/get-latest-versions?name={{n}}", None),
    ("POST", f"{MLFLOW}/registered-models/alias", {"name": "{n}", "alias": "a", "version": "1"}),
    ("DELETE", f"{MLFLOW}/registered-models/alias?name={{n}}&alias=champion", None),
    ("GET", f"{MLFLOW}/registered-models/alias?name={{n}}&alias=champion", None),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "{n}", "source": "models:/{his}/1"}),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "{his}", "source": "models:/{n}/1"}),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "{his}", "source": "models:/{n}@champion"}),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "{n}", "source": "x", "tags": PROMPT}),
    ("GET", f"{MLFLOW}/model-versions/get?name={{n}}&version=1", None),
    ("PATCH", f"{MLFLOW}/model-versions/update", {"name": "{n}", "version": "1", "description": "x"}),
    ("DELETE", f"{MLFLOW}/model-versions/delete?name={{n}}&version=1", None),
    ("POST", f"{MLFLOW}/model-versions/set-tag", {"name": "{n}", "version": "1", "key": "k", "value": "v"}),
    ("DELETE", f"{MLFLOW}/model-versions/delete-tag?name={{n}}&version=1&key=k", None),
    ("GET", f"{MLFLOW}/model-versions/get-download-uri?name={{n}}&version=1", None),
    ("GET", f"{MLFLOW}/model-versions/list-artifacts?name={{n}}&version=1", None),
    ("GET", f"{MLFLOW}/model-versions/get-signed-download-uri?name={{n}}&version=1&path=secret.txt", None),
    ("GET", "/model-versions/get-artifact?name={n}&version=1&path=secret.txt", None),
    ("POST", f"{MLFLOW}/model-versions/transition-stage", {"name": "{n}", "version": "1", "stage": "Staging"}),
    ("POST", f"{MLFLOW}/databricks/model-versions/transition-stage", {"name": "{n}", "version": "1", "stage": "Staging"}),
    ("POST", f"{MLFLOW}/transition-requests/create", {"name": "{n}", "version": "1", "stage": "Staging"}),
    ("GET", f"{MLFLOW}/transition-requests/list?name={{n}}&version=1", None),
    ("POST", f"{MLFLOW}/transition-requests/approve", {"name": "{n}", "version": "1", "stage": "Production"}),
    ("POST", f"{MLFLOW}/transition-requests/reject", {"name": "{n}", "version": "1", "stage": "Production"}),
    ("DELETE", f"{MLFLOW}/transition-requests/delete?name={{n}}&version=1&stage=Production&creator={{ada}}", None),
    ("DELETE", f"{MLFLOW}/transition-requests/delete?name={{n}}&version=1&stage=Production&creator={{mallory}}", None),
    ("POST", f"{MLFLOW}/comments/create", {"name": "{n}", "version": "1", "comment": "x"}),
    ("POST", f"{MLFLOW}/registry-webhooks/create", {"model_name": "{n}", "events": ["COMMENT_CREATED"], "http_url_spec": {"url": "https://x.org"}}),
    ("GET", f"{MLFLOW}/registry-webhooks/list?model_name={{n}}", None),
    ("GET", f"{GOVERNANCE}/models/{{n}}/versions/1/manifest", None),
    ("GET", f"{GOVERNANCE}/models/{{n}}/versions/1/activities", None),
    ("GET", f"{GOVERNANCE}/models/{{n}}/versions/1/checks", None),
    ("POST", f"{GOVERNANCE}/models/{{n}}/versions/1/checks", {"name": "ci", "state": "success", "digest": "0" * 64}),
    ("GET", f"{GOVERNANCE}/models/{{n}}/required-checks", None),
    ("PUT", f"{GOVERNANCE}/models/{{n}}/required-checks", {"required_checks": []}),
    ("GET", f"{GOVERNANCE}/models/{{n}}/two-persons", None),
    ("PUT", f"{GOVERNANCE}/models/{{n}}/two-persons", {"two_persons": "inherit"}),
    ("GET", f"{VERSIONS}/{{n}}/1/secret.txt", None),
    ("GET", f"{PROXY}?path=model-registry/{{n}}/1", None),
    ("PUT", f"{VERSIONS}/{{n}}/1/x", {"x": "y"}),
    ("DELETE", f"{VERSIONS}/{{n}}/1/secret.txt", None),
    ("GET", "/api/2.0/mlflow-artifacts/presigned/model-registry/{n}/1/secret.txt", None),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/create/model-registry/{n}/1/x", {"path": "x", "num_parts": 1}),
    ("GET", "/api/2.0/dbfs/read?path=/databricks/model-registry/{n}/1/secret.txt", None),
    ("GET", "/api/2.0/dbfs/list?path=/databricks/model-registry/{n}/1", None),
    ("GET", "/api/2.0/dbfs/get-status?path=/databricks/model-registry/{n}/1/secret.txt", None),
    ("GET", "/dbfs/databricks/model-registry/{n}/1/secret.txt", None),
    ("GET", f"{GOVERNANCE}/steward?object=registered-models/{{n}}", None),
    ("GET", f"{GOVERNANCE}/lineage?kind=version&id={{n}}/1", None),
]


class TestOracles:
    """What one may not see is answered as what is not there, on every route."""

    @staticmethod
    def fill(value: Any, **names: str) -> Any:
        if isinstance(value, str):
            return value.format(**names) if "{" in value else value
        if isinstance(value, dict):
            return {k: TestOracles.fill(v, **names) for k, v in value.items()}
        return [TestOracles.fill(v, **names) for v in value] if isinstance(value, list) else value

    @staticmethod
    def same(hidden: Answer, there: str, none: Answer, absent: str) -> None:
        assert bad(hidden, REFUSED) and bad(none, REFUSED)
        told = [(a.status, a.headers.get("Content-Type"), a.body.replace(n.encode(), b"X")) for a, n in ((hidden, there), (none, absent))]
        assert told[0] == told[1], (hidden, none)
        assert SECRET not in hidden.body

    @pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{m} {p.split('?')[0]} {i}" for i, (m, p, _) in enumerate(ROUTES)])
    def test_by_name(self, reg: Registry, method: str, path: str, body: dict[str, Any] | None) -> None:
        absent = "absent" + secrets.token_hex(4)
        answers = []
        for name in (reg.name, absent):
            names = {"n": name, "his": reg.his, "ada": quote(reg.ada.name), "mallory": quote(reg.mallory.name)}
            answers.append(reg.mallory.call(method, path.format(**names), self.fill(body, **names)))
        self.same(answers[0], reg.name, answers[1], absent)

    @pytest.mark.parametrize("path", [p for m, p, _ in ROUTES if m == "GET"])
    def test_its_owner_is_answered(self, reg: Registry, path: str) -> None:
        """Else the test above would compare nothing with nothing."""
        assert clean(reg.ada.call("GET", path.format(n=reg.name))).status == 200

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PATCH", f"{MLFLOW}/comments/update", {"id": "{comment}", "comment": "x"}),
            ("DELETE", f"{MLFLOW}/comments/delete?id={{comment}}", None),
            ("PATCH", f"{MLFLOW}/registry-webhooks/update", {"id": "{hook}", "status": "ACTIVE"}),
            ("DELETE", f"{MLFLOW}/registry-webhooks/delete?id={{hook}}", None),
            ("POST", f"{MLFLOW}/registry-webhooks/test", {"id": "{hook}"}),
            ("GET", f"{GOVERNANCE}/webhooks/{{hook}}/deliveries", None),
            ("GET", "/api/2.0/permissions/registered-models/{id}", None),
            ("GET", "/api/2.0/permissions/registered-models/{id}/permissionLevels", None),
            ("PUT", "/api/2.0/permissions/registered-models/{id}", {"access_control_list": []}),
            ("PATCH", "/api/2.0/permissions/registered-models/{id}", {"access_control_list": []}),
            ("GET", f"{GOVERNANCE}/steward?object=registered-models/{{id}}", None),
            ("PATCH", f"{GOVERNANCE}/steward?object=registered-models/{{id}}", {"tier": "low"}),
        ],
    )
    def test_by_id(self, reg: Registry, method: str, path: str, body: dict[str, Any] | None) -> None:
        there = {"comment": reg.comment, "hook": reg.hook, "id": reg.id}
        absent = {k: "".join("0" if c in "123456789abcdef" and i > 2 else c for i, c in enumerate(v)) for k, v in there.items()}
        (key,) = [k for k in there if f"{{{k}}}" in f"{path} {body}"]
        answers = [reg.mallory.call(method, path.format(**ids), self.fill(body, **ids)) for ids in (there, absent)]
        self.same(answers[0], there[key], answers[1], absent[key])

    def test_searches_tell_nothing(self, reg: Registry) -> None:
        for path in (
            f"registered-models/search?filter={named(reg.name)}",
            "registered-models/search?filter=name%20LIKE%20'hidden%25'",
            "registered-models/search?max_results=1000",
            "registered-models/list",
            f"model-versions/search?filter={named(reg.name)}",
            f"model-versions/search?filter=run_id%20=%20'{reg.run}'",
            "model-versions/search?filter=source_path%20LIKE%20'%25model%25'",
            "registry-webhooks/list",
        ):
            answer = clean(reg.mallory.mlflow("GET", path))
            assert reg.name.encode() not in answer.body and reg.run.encode() not in answer.body and reg.hook.encode() not in answer.body, answer

    def test_a_taken_name_is_all_that_is_told(self, reg: Registry) -> None:
        """Names are one space for all, so that one is taken cannot be kept secret; whose it is, can."""
        for path, body in (
            ("registered-models/create", {"name": reg.name}),
            ("registered-models/rename", {"name": reg.his, "new_name": reg.name}),
        ):
            answer = bad(reg.mallory.mlflow("POST", path, body))
            assert answer.code == "RESOURCE_ALREADY_EXISTS" and reg.ada.name not in answer.message and reg.id not in answer.message, answer


class TestImmutable:
    """Nobody writes into a version, not even who manages it."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("PUT", f"{VERSIONS}/{{n}}/1/secret.txt"),
            ("PUT", f"{VERSIONS}/{{n}}/1/new.txt"),
            ("PUT", f"{VERSIONS}/{{n}}/2/new.txt"),
            ("PUT", f"{VERSIONS}/{{n}}/new.txt"),
            ("PUT", f"{VERSIONS}/{{n}}%2F1/new.txt"),
            ("PUT", f"{PROXY}/{{e}}/{{r}}/artifacts/..%2F..%2F..%2Fmodel-registry/{{n}}/1/x"),
            ("DELETE", f"{VERSIONS}/{{n}}/1/secret.txt"),
            ("DELETE", f"{VERSIONS}/{{n}}/1"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/create/model-registry/{n}/1/x"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/complete/model-registry/{n}/1/x"),
            ("POST", "/api/2.0/mlflow-artifacts/mpu/abort/model-registry/{n}/1/x"),
            ("PUT", "/dbfs/databricks/model-registry/{n}/1/x"),
            ("POST", "/api/2.0/dbfs/put"),
            ("POST", "/api/2.0/dbfs/delete"),
            ("PUT", f"{FILES}/databricks/model-registry/{{n}}/1/x"),
            ("PUT", f"{FILES}/WorkspaceInternal/Mlflow/Registry/{{n}}/1/x"),
            ("DELETE", f"{FILES}/databricks/model-registry/{{n}}/1/secret.txt"),
        ],
    )
    def test_no_way_in(self, reg: Registry, method: str, path: str) -> None:
        body: Any = b"changed"
        if method == "POST":
            body = {"path": f"/databricks/model-registry/{reg.name}/1/secret.txt", "contents": base64.b64encode(b"x").decode(), "num_parts": 1}
        for who in (reg.ada, Person(reg.world.server, "admin", "", "")):
            answer = who.call(method, path.format(n=reg.name, e=reg.world.experiment, r=reg.run), None if method == "DELETE" else body)
            bad(answer, (400, 403, 404, 405, 501))
        assert reg.ada.call("GET", f"{VERSIONS}/{reg.name}/1/secret.txt").body == SECRET

    def test_its_source_may_go(self, reg: Registry, team: Team) -> None:
        """What is written over or deleted at the source later does not change a version."""
        name = team.fresh("kept")
        experiment = reg.ada.mlflow("POST", "experiments/create", {"name": f"{reg.ada.home}/{name}"}).ok()["experiment_id"]
        run = made(reg.ada, name, experiment, SECRET)
        digest = reg.ada.call("GET", f"{GOVERNANCE}/models/{name}/versions/1/manifest").ok()["digest"]
        reg.ada.call("PUT", f"{PROXY}/{experiment}/{run}/artifacts/model/secret.txt", b"other").ok()
        reg.ada.mlflow("POST", "runs/delete", {"run_id": run}).ok()
        assert reg.ada.call("GET", f"{VERSIONS}/{name}/1/secret.txt").body == SECRET
        assert reg.ada.call("GET", f"{GOVERNANCE}/models/{name}/versions/1/manifest").ok()["digest"] == digest


class TestLending:
    """Signed addresses and tokens give no more than who made them has, at the time of their use."""

    @pytest.mark.parametrize("ends", ["grant", "token", "version", "rename"])
    def test_a_signed_address_ends(self, reg: Registry, team: Team, staged: str, ends: str) -> None:
        guest = team.user("guest")
        id = reg.ada.mlflow("GET", f"databricks/registered-models/get?name={staged}").ok()["registered_model_databricks"]["id"]
        acl = f"/api/2.0/permissions/registered-models/{id}"
        reg.ada.call("PATCH", acl, {"access_control_list": [{"user_name": guest.name, "permission_level": "CAN_READ"}]}).ok()
        token = guest.call("POST", "/api/2.0/token/create", {}).ok()
        borrowed = Person(guest.server, guest.name, guest.id, token["token_value"])
        uri = borrowed.mlflow("GET", f"model-versions/get-signed-download-uri?name={staged}&version=1&path=secret.txt").ok()["signed_uri"]
        path = str(uri).removeprefix(guest.server.url)
        assert guest.server.call("GET", path, token=None).body == SECRET
        for method in ("PUT", "DELETE", "POST"):
            bad(guest.server.call(method, path, b"x", token=None), (401, 403, 404, 405))
        if ends == "grant":
            reg.ada.call("PUT", acl, {"access_control_list": [{"user_name": reg.ada.name, "permission_level": "CAN_MANAGE"}]}).ok()
        elif ends == "token":
            guest.call("POST", "/api/2.0/token/delete", {"token_id": token["token_info"]["token_id"]}).ok()
        elif ends == "version":
            reg.ada.mlflow("DELETE", f"model-versions/delete?name={staged}&version=1").ok()
        else:  # the name is somebody else's by now
            reg.ada.mlflow("POST", "registered-models/rename", {"name": staged, "new_name": staged + "-moved"}).ok()
            made(reg.mallory, staged, reg.world.his_experiment, b"his own")
        for who in (None, guest.token if ends != "token" else None, reg.mallory.token):
            assert bad(guest.server.call("GET", path, token=who), (400, 401, 403, 404)).body not in (SECRET, b"his own")

    @pytest.mark.parametrize(("scopes", "may"), [(["scim"], False), (["workspace", "access-management"], False), (["mlflow"], True)])
    def test_narrow_tokens(self, reg: Registry, scopes: list[str], may: bool) -> None:
        token = reg.ada.call("POST", "/api/2.0/token/create", {"scopes": scopes}).ok()["token_value"]
        narrow = Person(reg.world.server, reg.ada.name, reg.ada.id, token)
        for path in (
            f"{MLFLOW}/registered-models/get?name={reg.name}",
            f"{MLFLOW}/databricks/registered-models/get?name={reg.name}",
            f"{MLFLOW}/transition-requests/list?name={reg.name}&version=1",
            f"{MLFLOW}/registry-webhooks/list?model_name={reg.name}",
            f"{VERSIONS}/{reg.name}/1/secret.txt",
        ):
            answer = clean(narrow.call("GET", path))
            assert answer.status == (200 if may else 403), (path, answer)
        if may:
            bad(narrow.call("GET", f"/api/2.0/permissions/registered-models/{reg.id}"), 403)
            bad(narrow.call("POST", "/api/2.0/token/create", {}), 403)


class TestBadInput:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("registered-models/create", {"name": "x" * 257}),
            ("registered-models/create", {"name": ""}),
            ("registered-models/create", {}),
            ("registered-models/create", {"name": "a/b"}),
            ("registered-models/create", {"name": "a:b"}),
            ("registered-models/create", {"name": "."}),
            ("registered-models/create", {"name": ".."}),
            ("registered-models/create", {"name": "a\u0000b"}),
            ("registered-models/create", {"name": "a\nb"}),
            ("registered-models/create", {"name": {"a": 1}}),
            ("registered-models/create", {"name": ["a"]}),
            ("registered-models/create", {"name": "tagged", "tags": "x"}),
            ("registered-models/create", {"name": "tagged", "tags": [1]}),
            ("registered-models/create", {"name": "tagged", "tags": [{"key": "k" * 300, "value": "v"}]}),
            ("registered-models/create", {"name": "tagged", "tags": [{"key": "k", "value": "v" * 100_001}]}),
            ("registered-models/create", {"name": "tagged", "tags": [{"key": "", "value": "v"}]}),
            ("registered-models/create", {"name": "described", "description": "d" * 5001}),
            ("registered-models/rename", {"name": "N", "new_name": "a/b"}),
            ("registered-models/rename", {"name": "N", "new_name": "x" * 300}),
            ("registered-models/rename", {"name": "N", "new_name": ""}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "a" * 10_000}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "v1"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "latest"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "LATEST"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "a b"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "a/b"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": "../x"}),
            ("registered-models/alias", {"name": "N", "version": "1", "alias": ""}),
            ("registered-models/set-tag", {"name": "N", "key": "k" * 300, "value": "v"}),
            ("registered-models/set-tag", {"name": "N", "key": "../k", "value": "v"}),
            ("registered-models/set-tag", {"name": "N", "key": "", "value": "v"}),
            ("registered-models/set-tag", {"name": "N", "key": "k", "value": {"a": 1}}),
            ("model-versions/set-tag", {"name": "N", "version": "1", "key": "k", "value": "v" * 100_001}),
            ("model-versions/create", {"name": "N", "source": "runs:/" + "x" * 9000}),
            ("model-versions/create", {"name": "N", "source": ""}),
            ("model-versions/create", {"name": "N"}),
            ("model-versions/create", {"name": "N", "source": ["models:/N/1"]}),
            ("model-versions/create", {"name": "N", "source": "models:/N/1", "tags": [{"key": "k\u0000", "value": "v"}]}),
            ("model-versions/create", {"name": "N", "source": "models:/N/1", "description": "d" * 5001}),
            ("transition-requests/create", {"name": "N", "version": "1", "stage": "Nowhere"}),
            ("transition-requests/create", {"name": "N", "version": "1", "stage": "Staging", "comment": "c" * 5001}),
            ("model-versions/transition-stage", {"name": "N", "version": "1", "stage": "Staging", "archive_existing_versions": "maybe"}),
            ("model-versions/transition-stage", {"name": "N", "version": "1", "stage": "Archived", "archive_existing_versions": True}),
            ("comments/create", {"name": "N", "version": "1", "comment": "c" * 5001}),
            ("comments/create", {"name": "N", "version": "1", "comment": ""}),
            ("comments/create", {"name": "N", "version": "1", "comment": 7.5}),
            ("registry-webhooks/create", {"model_name": "N", "events": [], "http_url_spec": {"url": "https://x.example.org"}}),
            ("registry-webhooks/create", {"model_name": "N", "events": ["NOTHING"], "http_url_spec": {"url": "https://x.example.org"}}),
            ("registry-webhooks/create", {"model_name": "N", "events": ["COMMENT_CREATED"], "http_url_spec": {"url": "file:///etc/passwd"}}),
            ("registry-webhooks/create", {"model_name": "N", "events": ["COMMENT_CREATED"]}),
        ],
    )
    def test_refused_with_a_reason(self, reg: Registry, path: str, body: dict[str, Any]) -> None:
        sent = {k: reg.his if v == "N" else v.replace("N/", f"{reg.his}/") if k == "source" and isinstance(v, str) else v for k, v in body.items()}
        answer = bad(reg.mallory.mlflow("POST", path, sent), (400, 404))
        assert answer.code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST") and 0 < len(answer.message) < 9000, answer

    TRICKS = ["näme", "模型", "a b", "a'b", 'a"b', "a%2Fb", "a%00", "a?b=c&d", "a#b", "a+b", "{n}", "<script>", "a;DROP", "models", "root", "0"]

    @pytest.mark.parametrize("name", TRICKS)
    def test_names_with_tricks_are_only_names(self, reg: Registry, name: str, team: Team) -> None:
        """Whatever a model may be called, its routes reach it and nothing else."""
        name = team.fresh(name)
        answer = clean(reg.mallory.mlflow("POST", "registered-models/create", {"name": name}))
        assert answer.status in (200, 400), answer
        if answer.status == 400:
            return
        reg.mallory.mlflow("POST", "model-versions/create", {"name": name, "source": f"models:/{reg.his}/1"}).ok()
        coded = quote(name, safe="")
        assert reg.mallory.mlflow("GET", f"registered-models/get?name={coded}").ok()["registered_model"]["name"] == name
        assert reg.mallory.call("GET", f"{GOVERNANCE}/models/{coded}/versions/1/manifest").ok()["name"] == name
        assert reg.mallory.call("GET", f"{VERSIONS}/{coded}/1/secret.txt").body == b"his own"
        copy = reg.mallory.mlflow("POST", "model-versions/create", {"name": name, "source": f"models:/{name}/1"})
        assert clean(copy).status in (200, 400), copy
        found = reg.mallory.mlflow("GET", "registered-models/search?max_results=1000").ok()["registered_models"]
        assert name in [m["name"] for m in found]
        reg.mallory.mlflow("DELETE", f"registered-models/delete?name={coded}").ok()
