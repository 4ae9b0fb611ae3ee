"""Webhooks of the registry with unmodified clients and a real receiver: MLflow's own, Databricks', after a kill -9 too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.receiver import Received, Receiver, databricks_signed, mlflow_signed
from bailiwick_clients.refusals import error_of, refused
from bailiwick_clients.server import Server
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.ml import HttpUrlSpec, JobSpec, RegistryWebhookEvent, RegistryWebhookStatus
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookStatus
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature  # the sender's side of the unmodified package

SECRET, AUTHORIZATION, TOKEN = "hunter2-secret", "Bearer hunter2-authorization", "dapi-hunter2-token"
MODEL_EVENTS = [
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
]


@pytest.fixture
def hooked(binary: str, tmp_path: Path) -> Iterator[Server]:
    """A server that lets webhooks reach this machine. Its log must never have a secret."""
    mine = Server(binary, tmp_path, flags=["--webhooks-allow", "127.0.0.1"]).start()
    yield mine
    mine.kill()
    log = mine.log.read_text(errors="replace")
    assert not any(s in log for s in (SECRET, AUTHORIZATION, TOKEN)), "a secret is in the log"


def client(who: Person, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", who.token)
    return MlflowClient(who.server.url, who.server.url)


def names(all_received: list[Received]) -> list[str]:
    return [f"{r.json['entity']}.{r.json['action']}" for r in all_received]


def dead(who: Person, hook: str) -> list[dict[str, object]]:
    return list(who.call("GET", f"{GOVERNANCE}/webhooks/{hook}/deliveries?state=dead").ok()["deliveries"])


def test_all_of_mlflows_events(hooked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    c = client(Team(hooked).admin, monkeypatch)
    with Receiver() as receiver:
        hook = c.create_webhook("ci", f"{receiver.url}/ci", MODEL_EVENTS, secret=SECRET, description="all of them")
        assert hook.secret is None
        assert [w.webhook_id for w in c.list_webhooks()] == [hook.webhook_id]
        result = c.test_webhook(hook.webhook_id, "prompt_alias.created")
        assert result.success, result
        assert (result.response_status, result.response_body) == (200, "heard")

        c.create_registered_model("churn", tags={"team": "a"}, description="who leaves")
        c.create_model_version("churn", source=logged(c), tags={"t": "1"})
        c.set_model_version_tag("churn", "1", "k", "v")
        c.delete_model_version_tag("churn", "1", "k")
        c.set_registered_model_alias("churn", "champion", "1")
        c.delete_registered_model_alias("churn", "champion")
        c.set_registered_model_tag("churn", "not", "told")
        c.create_prompt("greeting", description="hello")
        c.create_prompt_version("greeting", "Hello {{name}}!")
        c.set_prompt_tag("greeting", "k", "v")
        c.delete_prompt_tag("greeting", "k")
        c.set_prompt_version_tag("greeting", "1", "k", "v")
        c.delete_prompt_version_tag("greeting", "1", "k")
        c.set_prompt_alias("greeting", "best", 1)
        c.delete_prompt_alias("greeting", "best")

        got = receiver.until(lambda all_received: set(MODEL_EVENTS) <= set(names(all_received)))
        assert sorted(names(got)) == sorted([*MODEL_EVENTS, "prompt_alias.created"])  # each once, and the test call
        by_name = {f"{r.json['entity']}.{r.json['action']}": r for r in got}
        assert by_name["registered_model.created"].json["data"] == {"name": "churn", "tags": {"team": "a"}, "description": "who leaves"}
        assert by_name["prompt_version.created"].json["data"]["template"] == "Hello {{name}}!"
        for r in got:
            assert mlflow_signed(SECRET, r)
            assert not mlflow_signed("another", r)
            signed = _generate_hmac_signature(SECRET, r.delivery, r.headers["x-mlflow-timestamp"], r.body.decode())
            assert signed == r.headers["x-mlflow-signature"]

        c.update_webhook(hook.webhook_id, status=WebhookStatus.DISABLED)
        assert c.get_webhook(hook.webhook_id).status == WebhookStatus.DISABLED
        c.delete_webhook(hook.webhook_id)
        with pytest.raises(MlflowException, match="does not exist"):
            c.get_webhook(hook.webhook_id)


def logged(c: MlflowClient) -> str:
    """The address of bytes of a model in a run of the caller's."""
    run = c.create_run("0")
    c.log_text(run.info.run_id, "flavors: {}", "model/MLmodel")
    return f"runs:/{run.info.run_id}/model"


def test_mlflows_webhooks_are_for_administrators(hooked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    c = client(Team(hooked).user("ada"), monkeypatch)
    refused(lambda: c.create_webhook("ci", "https://example.org/", ["model_version.created"]), "", "admin")


def test_databricks_registry_webhooks(hooked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    team = Team(hooked)
    ada, bob = team.user("ada"), team.user("bob")
    registry = ada.sdk.model_registry
    c = client(ada, monkeypatch)
    c.create_registered_model("churn")
    c.create_model_version("churn", source=logged(c))
    with Receiver() as receiver:
        spec = HttpUrlSpec(url=f"{receiver.url}/r", secret=SECRET, authorization=AUTHORIZATION)
        events = [
            RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_TO_PRODUCTION,
            RegistryWebhookEvent.TRANSITION_REQUEST_CREATED,
            RegistryWebhookEvent.COMMENT_CREATED,
        ]
        hook = registry.create_webhook(events, model_name="churn", http_url_spec=spec, status=RegistryWebhookStatus.TEST_MODE).webhook
        assert hook is not None and hook.id is not None and hook.http_url_spec is not None
        assert hook.http_url_spec.as_dict() == {"url": f"{receiver.url}/r", "enable_ssl_verification": True}
        registry.create_comment("churn", "1", "while it is only tested")
        tested = registry.test_registry_webhook(hook.id, event=RegistryWebhookEvent.COMMENT_CREATED)
        assert (tested.status_code, tested.body) == (200, "heard")
        registry.update_webhook(hook.id, status=RegistryWebhookStatus.ACTIVE)

        registry.create_transition_request("churn", "1", "Staging", comment="please")
        registry.create_comment("churn", "1", "good")
        registry.transition_stage("churn", "1", "Production", False)
        got = receiver.until(lambda all_received: len(all_received) == 4)
        assert sorted(r.json["event"] for r in got) == [
            "COMMENT_CREATED",
            "COMMENT_CREATED",
            "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION",
            "TRANSITION_REQUEST_CREATED",
        ]
        for r in got:
            assert databricks_signed(SECRET, r)
            assert r.headers["authorization"] == AUTHORIZATION
            assert r.json["webhook_id"] == hook.id
        moved = next(r.json for r in got if r.json["event"].endswith("PRODUCTION"))
        assert (moved["model_name"], moved["version"], moved["to_stage"]) == ("churn", "1", "Production")

        assert [w.id for w in registry.list_webhooks(model_name="churn")] == [hook.id]
        assert [w.id for w in bob.sdk.model_registry.list_webhooks()] == []
        with pytest.raises(NotFound):
            bob.sdk.model_registry.delete_webhook(hook.id)
        with pytest.raises(PermissionDenied):
            registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], http_url_spec=spec)
        told = ada.call("GET", f"{GOVERNANCE}/webhooks/{hook.id}/deliveries").body + ada.mlflow("GET", "registry-webhooks/list").body
        told += team.admin.call("GET", f"{GOVERNANCE}/audit").body
        assert b"createRegistryWebhook" in told
        assert not any(s.encode() in told for s in (SECRET, AUTHORIZATION, TOKEN))
        registry.delete_webhook(hook.id)


def test_a_job_of_another_workspace(hooked: Server) -> None:
    registry = Team(hooked).admin.sdk.model_registry
    with Receiver() as receiver:
        job = JobSpec("77", TOKEN, receiver.url)
        hook = registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], job_spec=job).webhook
        assert hook is not None and hook.job_spec is not None
        assert hook.job_spec.as_dict() == {"job_id": "77", "workspace_url": receiver.url}
        registry.create_model("churn")
        (got,) = receiver.until(lambda all_received: len(all_received) == 1)
        assert (got.path, got.headers["authorization"], got.json["job_id"]) == ("/api/2.2/jobs/run-now", f"Bearer {TOKEN}", 77)
        assert '"model_name":"churn"' in got.json["notebook_params"]["event_message"]
        with pytest.raises(BadRequest):
            registry.create_webhook([RegistryWebhookEvent.COMMENT_CREATED], job_spec=JobSpec("77", TOKEN))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.2/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_not_called(hooked: Server, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    c = client(Team(hooked).admin, monkeypatch)
    error = error_of(lambda: c.create_webhook("ci", url, ["model_version.created"]))
    assert "INVALID_PARAMETER_VALUE" in str(error)


def test_a_name_that_leads_here_is_not_called(binary: str, tmp_path: Path) -> None:
    """Nothing is allowed on this server: localhost is known for what it is when it is connected to, and nobody is connected to."""
    server = Server(binary, tmp_path).start()
    admin = Team(server).admin
    with Receiver() as receiver:
        url = receiver.url.replace("http://127.0.0.1", "https://localhost")
        spec = HttpUrlSpec(url=url, enable_ssl_verification=False)
        hook = admin.sdk.model_registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], http_url_spec=spec).webhook
        assert hook is not None and hook.id is not None
        tested = admin.sdk.model_registry.test_registry_webhook(hook.id)
        assert tested.status_code is None and "this machine itself" in str(tested.body)
        assert receiver.got == []
    server.stop()


def test_dead_letters_are_sent_again(hooked: Server) -> None:
    admin = Team(hooked).admin
    status = 404
    with Receiver(lambda _: status) as receiver:
        spec = HttpUrlSpec(url=receiver.url, secret=SECRET)
        hook = admin.sdk.model_registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], http_url_spec=spec).webhook
        assert hook is not None and hook.id is not None
        admin.sdk.model_registry.create_model("churn")
        receiver.until(lambda _: len(dead(admin, str(hook.id))) == 1)
        (letter,) = dead(admin, hook.id)
        assert (letter["status_code"], letter["answer"], letter["tries"]) == (404, "heard", 1)
        status = 200
        admin.call("POST", f"{GOVERNANCE}/webhooks/{hook.id}/deliveries/{letter['id']}/redeliver").ok()
        first, second = receiver.until(lambda all_received: len(all_received) == 2)
        assert (first.delivery, first.body) == (second.delivery, second.body)
        receiver.until(lambda _: dead(admin, str(hook.id)) == [])


def test_a_failure_is_tried_again(hooked: Server) -> None:
    admin = Team(hooked).admin
    with Receiver() as receiver:
        receiver.answer = lambda _: 503 if len(receiver.got) == 1 else 200
        spec = HttpUrlSpec(url=receiver.url, secret=SECRET)
        admin.sdk.model_registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], http_url_spec=spec)
        admin.sdk.model_registry.create_model("churn")
        first, second = receiver.until(lambda all_received: len(all_received) == 2)
        assert first.delivery == second.delivery
        assert databricks_signed(SECRET, second)


def test_nothing_is_lost_by_a_crash_between_commit_and_delivery(hooked: Server) -> None:
    """The receiver hears, and says nothing until the server is killed: some events are under way then, the others only written down."""
    admin = Team(hooked).admin
    models = [f"model-{n}" for n in range(12)]
    with Receiver(lambda _: None) as receiver:
        spec = HttpUrlSpec(url=receiver.url, secret=SECRET)
        admin.sdk.model_registry.create_webhook([RegistryWebhookEvent.REGISTERED_MODEL_CREATED], http_url_spec=spec)
        for name in models:
            admin.mlflow("POST", "registered-models/create", {"name": name}).ok()
        receiver.until(lambda all_received: len(all_received) > 0)
        hooked.kill()
        before = receiver.quiet()  # what the dead server had sent already
        assert len(before) < len(models), "everything was under way already"
        receiver.answer = lambda _: 200
        hooked.start()
        again = receiver.until(lambda all_received: {r.json["model_name"] for r in all_received[len(before) :]} == set(models))
        after = again[len(before) :]
        assert len(after) == len(models)
        assert {r.delivery for r in before} <= {r.delivery for r in after}
        assert len({r.delivery for r in again}) == len(models)
        assert all(databricks_signed(SECRET, r) for r in again)
    assert hooked.command("audit", "verify", *hooked.ledger).returncode == 0
