"""Bad and hostile input, sent by hand: no client library puts it right. Every answer is JSON with the protocol's error code and nothing of
the server's inside; what must not happen did not happen."""

from __future__ import annotations

import base64
import json
import re
import secrets
import socket
from typing import Any
from urllib.parse import quote, unquote

import pytest

from bailiwick_clients.victim import FILES, MLFLOW, PROXY, REFUSED, SECRET, Victim, bad, clean


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"[]",
            b"nonsense",
            b'{"name": "a"',
            b'"' + b"x" * 50,
            b"{'name': 'a'}",
            b"\xff\xfe{}",
            b'{"name": "\xc3("}',
            b'{"name": "a\\u0000b"}',
            b'{"name": "a\x00b"}',
            b'{"name": {"a": 1}}',
            b'{"name": ["a"]}',
            b'{"tags": "x", "name": "y"}',
            b'{"tags": [1], "name": "y"}',
            b'{"name": "' + b"[" * 100 + b'"',
            b"[" * 5000,
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b"",
        ],
        ids=range(18),
    )
    def test_malformed(self, world: Victim, body: bytes) -> None:
        bad(world.mallory.mlflow("POST", "experiments/create", body))
        bad(world.mallory.call("POST", "/api/2.0/workspace/mkdirs", body), (400, 404))
        bad(world.mallory.call("PATCH", "/api/2.0/permissions/directories/0", body), (400, 403))
        bad(world.ada.server.call("POST", "/api/2.0/preview/scim/v2/Users", body))

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": "abc", "timestamp": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": None, "timestamp": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": 1, "timestamp": -1}),
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": 1, "timestamp": 1, "step": "x"}),
            ("runs/log-metric", {"run_id": "R", "key": "k", "value": 1, "timestamp": 1, "step": 2**70}),
            ("runs/log-metric", {"run_id": "R", "key": "../k", "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "/k", "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "k" * 251, "value": 1, "timestamp": 1}),
            ("runs/log-metric", {"run_id": "R", "key": "", "value": 1, "timestamp": 1}),
            ("runs/log-parameter", {"run_id": "R", "key": "k#", "value": "1"}),
            ("runs/log-parameter", {"run_id": "R", "key": "k", "value": 1}),
            ("runs/log-parameter", {"run_id": "R", "key": "k", "value": "a\u0000b"}),
            ("runs/set-tag", {"run_id": "R", "key": "t" * 251, "value": "1"}),
            ("runs/log-batch", {"run_id": "R", "metrics": {"key": "k"}}),
            ("runs/log-inputs", {"run_id": "R", "datasets": [{"dataset": {"name": "", "digest": "d", "source_type": "l", "source": "s"}}]}),
            (
                "runs/log-inputs",
                {"run_id": "R", "datasets": [{"dataset": {"name": "n" * 501, "digest": "d", "source_type": "l", "source": "s"}}]},
            ),
            (
                "runs/log-inputs",
                {"run_id": "R", "datasets": [{"dataset": {"name": "n", "digest": "d" * 37, "source_type": "l", "source": "s"}}]},
            ),
            ("experiments/create", {"name": "x" * 501}),
            ("experiments/create", {"name": ""}),
            ("experiments/create", {}),
            ("experiments/create", {"name": "a", "artifact_location": "runs:/x"}),
            ("experiments/set-experiment-tag", {"experiment_id": "E", "key": "k", "value": "v" * 20001}),
            ("runs/search", {"experiment_ids": ["E"], "max_results": 50001}),
            ("runs/search", {"experiment_ids": ["E"], "max_results": -1}),
            ("runs/search", {"experiment_ids": ["E"], "page_token": "x"}),
            ("experiments/search", {"max_results": 50001}),
            ("logged-models", {"experiment_id": "E", "name": "a/b"}),
        ],
    )
    def test_wrong_values(self, world: Victim, path: str, body: dict[str, Any]) -> None:
        text = json.dumps(body).replace('"R"', f'"{world.his_run}"').replace('"E"', f'"{world.his_experiment}"')
        answer = bad(world.mallory.mlflow("POST", path, text.encode()))
        assert answer.code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"), answer
        assert answer.message

    @pytest.mark.parametrize(
        ("name", "item", "limit"),
        [
            ("metrics", {"key": "m%d", "value": 1, "timestamp": 1, "step": 0}, 1000),
            ("params", {"key": "p%d", "value": "1"}, 100),
            ("tags", {"key": "t%d", "value": "1"}, 100),
        ],
    )
    def test_batches(self, world: Victim, name: str, item: dict[str, Any], limit: int) -> None:
        run = world.mallory.mlflow("POST", "runs/create", {"experiment_id": world.his_experiment}).ok()["run"]["info"]["run_id"]
        items = [{**item, "key": item["key"] % i} for i in range(limit + 1)]
        answer = bad(world.mallory.mlflow("POST", "runs/log-batch", {"run_id": run, name: items}))
        assert str(limit) in answer.message and name in answer.message
        clean(world.mallory.mlflow("POST", "runs/log-batch", {"run_id": run, name: items[:limit]})).ok()

    def test_a_body_too_large(self, world: Victim) -> None:
        body = b'{"name": "' + b"x" * (17 << 20) + b'"}'
        answer = clean(world.mallory.mlflow("POST", "experiments/create", body))
        assert answer.status in (400, 413) and answer.code, answer

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("metrics.loss <", True),
            ("metrics.loss > 1 OR 1 = 1", True),
            ("nothing.loss > 1", True),
            ("tags.q = 'open", True),
            ("metrics.loss > > 1", True),
            ("'; DROP TABLE runs; --", True),
            ("a" * 100_000, False),
            ("(" * 10_000, False),
            ("metrics.`x", True),
            ("metrics.loss = '1' UNION SELECT 1", True),
            ("params.a LIKE '" + "%_" * 4000 + "'", False),
        ],
        ids=range(11),
    )
    def test_filters(self, world: Victim, text: str, position: bool) -> None:
        answer = clean(world.mallory.mlflow("POST", "runs/search", {"experiment_ids": [world.his_experiment], "filter": text}))
        if position:
            assert answer.status == 400 and answer.code == "INVALID_PARAMETER_VALUE", answer
            assert re.search(r"\b(position|character|column|byte)\b\D*\d+|at \d+", answer.message), answer.message

    @pytest.mark.parametrize(
        "text", ["userName eq", "((", 'userName eq "a" and', "x" * 20_000, 'userName xx "a"', "(" * 3000 + ")" * 3000], ids=range(6)
    )
    def test_scim_filters(self, world: Victim, text: str) -> None:
        bad(world.server.call("GET", "/api/2.0/preview/scim/v2/Users?filter=" + quote(text)))

    def test_unknown_levels_and_kinds_are_answered_with_the_known_ones(self, world: Victim) -> None:
        change = {"access_control_list": [{"user_name": world.mallory.name, "permission_level": "CAN_FLY"}]}
        answer = bad(world.ada.call("PATCH", f"/api/2.0/permissions/experiments/{world.experiment}", change))
        assert "CAN_READ" in answer.message and "CAN_MANAGE" in answer.message
        answer = bad(world.ada.call("GET", f"/api/2.0/permissions/gardens/{world.experiment}"), (400, 404))
        assert "experiments" in answer.message and "directories" in answer.message

    def test_queries(self, world: Victim) -> None:
        for query in ("run_id=%00", "run_id=%ff", "run_id=" + "a" * 20_000, "run_id[]=1", "%", "run_id=%zz"):
            bad(world.mallory.mlflow("GET", f"runs/get?{query}"), (400, 404, 414, 431))

    def test_headers(self, world: Victim) -> None:
        for headers in (
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/xml"},
            {"X-Long": "x" * 30_000},
            {"Range": "bytes=9-1"},
            {"Authorization": "Bearer " + "x" * 40_000},
        ):
            answer = world.mallory.mlflow("POST", "experiments/search", {"max_results": 1}, headers=headers)
            assert answer.status < 500


ESCAPES = [
    "../../{e}/{r}/artifacts/secret.txt",
    "..%2f..%2f{e}%2f{r}%2fartifacts%2fsecret.txt",
    "%2e%2e/%2e%2e/{e}/{r}/artifacts/secret.txt",
    "%252e%252e%252f%252e%252e%252f{e}/{r}/artifacts/secret.txt",
    "..%5c..%5c{e}%5c{r}%5cartifacts%5csecret.txt",
    "..\\..\\{e}\\{r}\\artifacts\\secret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "C:%5cWindows%5cwin.ini",
    "file:%2f%2f%2fetc%2fpasswd",
    "a/../../../{e}/{r}/artifacts/secret.txt",
    "a%00b",
    "a%0ab",
    "%ff%fe",
    "secret.txt%23x/../../..",
    "..;/..;/{e}/{r}/artifacts/secret.txt",
    ".",
    "..",
    "a/./b/../c",
    "%c0%ae%c0%ae/x",
    "....//....//{e}",
]


def leads_out(address: str) -> bool:
    """Whether a path goes up somewhere, however often it is decoded."""
    for _ in range(3):
        address = unquote(address)
    return ".." in re.split(r"[/\\]", address)


class TestPaths:
    """Paths that try to leave a store, at every door that takes one."""

    @pytest.mark.parametrize("path", ESCAPES, ids=range(len(ESCAPES)))
    def test_artifact_doors(self, world: Victim, path: str) -> None:
        path = path.format(e=world.experiment, r=world.run)
        e, r, m = world.his_experiment, world.his_run, world.mallory
        model = m.mlflow("POST", "logged-models", {"experiment_id": e, "name": "his"}).ok()["model"]["info"]["model_id"]
        addresses = [
            f"{PROXY}/{e}/{r}/artifacts/{path}",
            f"{PROXY}/{e}/models/{model}/artifacts/{path}",
            f"{PROXY}/{path}",
            f"{PROXY}/{e}/{path}",
            f"{FILES}/WorkspaceInternal/Mlflow/Artifacts/{e}/Runs/{r}/artifacts/{path}",
            f"{FILES}/{path}",
            f"/dbfs/{path}",
            f"/api/2.0/mlflow-artifacts/presigned/{path}",
            f"/api/2.0/mlflow-artifacts/mpu/create/{path}",
        ]
        queries = [
            f"{PROXY}?path={e}/{r}/artifacts/{path}",
            f"{PROXY}?path={path}",
            f"/get-artifact?run_uuid={r}&path={path}",
            f"/ajax-api/2.0/mlflow/get-artifact?run_id={r}&path={path}",
            f"{MLFLOW}/artifacts/list?run_id={r}&path={path}",
            f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={path}",
            f"{MLFLOW}/logged-models/{model}/artifacts/directories?artifact_directory_path={path}",
            f"/api/2.0/dbfs/get-status?path={path}",
            f"/model-versions/get-artifact?name=x&version=1&path={path}",
        ]
        for address in addresses:
            for method in ("GET", "PUT", "DELETE", "HEAD"):
                self.holds(world, method, address, None if method in ("GET", "HEAD") else b"overwritten")
        for address in queries:
            self.holds(world, "GET", address.replace("#", "%23").replace("\\", "%5c"), None)

    @staticmethod
    def holds(world: Victim, method: str, address: str, body: bytes | None) -> None:
        """Nothing of Ada's or of the machine's is answered, and no success is told of a path that leads out."""
        answer = world.mallory.call(method, address, body, headers={"Content-Type": "application/octet-stream"} if body else {})
        clean(answer)
        assert SECRET not in answer.body and b"root:" not in answer.body, (method, address, answer)
        if method == "PUT" and leads_out(address):
            assert answer.status >= 400, (method, address, answer)

    def test_fragments_and_queries_name_no_other_file(self, world: Victim) -> None:
        base = f"{PROXY}/{world.his_experiment}/{world.his_run}/artifacts"
        world.mallory.call("PUT", f"{base}/plain.txt", b"plain").ok()
        for path in ("plain.txt%23fragment", "plain.txt%3fquery", "plain.txt%20", "plain.txt/", "plain.txt%2f.."):
            answer = clean(world.mallory.call("GET", f"{base}/{path}"))
            assert answer.status >= 400, (path, answer)

    @pytest.mark.parametrize(
        "path",
        [
            "/Users/../Users/{ada}/secret",
            "/Users/%2e%2e/{ada}",
            "/Users\\{ada}",
            "//Users//../..",
            "/Workspace/Users/{ada}/../{ada}/secret",
            "relative",
            "",
            "/a\u0000b",
            "/" + "x" * 5000,
            "/" + "a/" * 2000,
            "/./x",
            "/Users/{mallory}/../{ada}/x",
            "/Shared/a\nb",
        ],
        ids=range(13),
    )
    def test_workspace_doors(self, world: Victim, path: str) -> None:
        path = path.format(ada=world.ada.name, mallory=world.mallory.name)
        m = world.mallory
        for answer in (
            m.call("POST", "/api/2.0/workspace/mkdirs", {"path": path}),
            m.call("POST", "/api/2.0/workspace/delete", {"path": path, "recursive": True}),
            m.call("POST", "/api/2.0/workspace/import", {"path": path, "content": base64.b64encode(b"1").decode(), "language": "PYTHON"}),
            m.call("GET", "/api/2.0/workspace/export?path=" + quote(path)),
            m.call("POST", "/api/2.0/workspace-files/import-file/" + quote(path, safe=""), b"1"),
            m.mlflow("POST", "experiments/create", {"name": path if path.startswith("/") else "/" + path}),
        ):
            assert clean(answer).status in (*REFUSED, 413, 414), (path, answer)


class TestSources:
    """Sources and locations that point at somebody else's run, at files or at inner addresses."""

    @pytest.mark.parametrize(
        "location",
        [
            "file:///etc",
            "/etc",
            "../..",
            "s3://bucket/x",
            "http://169.254.169.254/latest",
            "http://127.0.0.1:22/",
            "mlflow-artifacts:/{e}/{r}/artifacts",
            "dbfs:/databricks/mlflow-tracking/{e}/{r}/artifacts",
            "runs:/{r}/x",
            "mlflow-artifacts://elsewhere/1",
            "dbfs:/x/../..",
            "gopher://x",
            "mlflow-artifacts:/{e}",
            "wasbs://c@a/x",
            "file:relative",
            "s3://b/x#frag",
            "s3://b/x?q=1",
            "C:\\x",
        ],
    )
    def test_locations(self, world: Victim, location: str) -> None:
        location = location.format(e=world.experiment, r=world.run)
        name = f"{world.mallory.home}/{secrets.token_hex(4)}"
        bad(world.mallory.mlflow("POST", "experiments/create", {"name": name, "artifact_location": location}), (400, 403))
        bad(world.mallory.mlflow("GET", f"experiments/get-by-name?experiment_name={quote(name)}"), 404)

    @pytest.mark.parametrize(
        "source",
        [
            "runs:/{r}/artifacts",
            "mlflow-artifacts:/{e}/{r}/artifacts",
            "models:/{m}",
            "dbfs:/databricks/mlflow-tracking/{e}/{r}/artifacts",
            "file:///etc/passwd",
            "http://127.0.0.1/",
        ],
    )
    def test_a_version_is_no_door_to_a_run(self, world: Victim, source: str) -> None:
        """The confused deputy: a version in my own model whose source is your run."""
        name = "deputy-" + secrets.token_hex(4)
        world.mallory.mlflow("POST", "registered-models/create", {"name": name}).ok()
        source = source.format(e=world.experiment, r=world.run, m=world.model)
        for more in ({}, {"run_id": world.his_run}, {"run_id": world.run}):
            # 400: it is no source at all, or the run named beside it is another one than the source is in
            allowed = REFUSED if more else 400 if "://" in source else (403, 404)
            bad(world.mallory.mlflow("POST", "model-versions/create", {"name": name, "source": source, **more}), allowed)
        bad(world.mallory.mlflow("GET", f"model-versions/get-download-uri?name={name}&version=1"), 404)
        answer = clean(world.mallory.call("GET", f"/model-versions/get-artifact?name={name}&version=1&path=secret.txt"))
        assert answer.status >= 400 and SECRET not in answer.body

    def test_a_metric_cannot_name_anothers_model(self, world: Victim) -> None:
        body = {"run_id": world.his_run, "key": "m", "value": 1, "timestamp": 1, "model_id": world.model}
        bad(world.mallory.mlflow("POST", "runs/log-metric", body), (403, 404))
        bad(
            world.mallory.mlflow(
                "POST",
                "runs/log-batch",
                {"run_id": world.his_run, "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 0, "model_id": world.model}]},
            ),
            (403, 404),
        )

    def test_a_run_cannot_take_anothers_model_in(self, world: Victim) -> None:
        for path, field in (("runs/outputs", "models"), ("runs/log-inputs", "models")):
            bad(world.mallory.mlflow("POST", path, {"run_id": world.his_run, field: [{"model_id": world.model, "step": 0}]}), (403, 404))

    def test_a_model_cannot_claim_anothers_run(self, world: Victim) -> None:
        body = {"experiment_id": world.his_experiment, "name": "mine", "source_run_id": world.run}
        bad(world.mallory.mlflow("POST", "logged-models", body), (403, 404, 400))

    def test_a_parent_tag_opens_nothing(self, world: Victim) -> None:
        world.mallory.mlflow("POST", "runs/set-tag", {"run_id": world.his_run, "key": "mlflow.parentRunId", "value": world.run})
        bad(world.mallory.mlflow("GET", f"runs/get?run_id={world.run}"), (403, 404))


class TestUploads:
    @pytest.mark.parametrize("door", ["proxy", "files", "dbfs"])
    def test_a_client_that_hangs_up_leaves_nothing(self, world: Victim, door: str) -> None:
        e, r = world.his_experiment, world.his_run
        path = {
            "proxy": f"{PROXY}/{e}/{r}/artifacts/half-{door}.bin",
            "files": f"{FILES}/WorkspaceInternal/Mlflow/Artifacts/{e}/Runs/{r}/artifacts/half-{door}.bin",
            "dbfs": f"/dbfs/databricks/mlflow-tracking/{e}/{r}/artifacts/half-{door}.bin",
        }[door]
        method = "POST" if door == "dbfs" else "PUT"
        for length in (b"Content-Length: 3000000\r\n", b"Transfer-Encoding: chunked\r\n"):
            with socket.create_connection(("127.0.0.1", world.server.port), 10) as line:
                line.sendall(
                    f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {world.mallory.token}\r\n".encode()
                    + length
                    + b"\r\n"
                )
                line.sendall(b"100000\r\n" * (b"chunked" in length) + b"x" * 1_000_000)
        assert clean(world.mallory.call("GET", path)).status == 404
        listed = world.mallory.call("GET", f"{PROXY}?path={e}/{r}/artifacts").ok()
        assert f"half-{door}.bin" not in json.dumps(listed)

    def test_a_refused_client_reads_why(self, world: Victim) -> None:
        """Megabytes are on the line already when the refusal comes: it must be readable, not a broken connection."""
        answer = bad(world.mallory.call("PUT", f"{world.artifacts}/big.bin", b"x" * (8 << 20)), 403)
        assert "CAN_EDIT" in answer.message

    def test_pages_are_not_rendered(self, world: Victim) -> None:
        """What people upload never runs as a page of this server."""
        path = f"{PROXY}/{world.his_experiment}/{world.his_run}/artifacts/page.html"
        world.mallory.call("PUT", path, b"<script>alert(1)</script>").ok()
        got = world.mallory.call("GET", path)
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers.get("Content-Security-Policy", "") or "attachment" in got.headers.get("Content-Disposition", "")
