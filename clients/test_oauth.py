"""Signing in without a stored token: client secrets, a person's login through a browser, and the identity token of a CI system."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.oauth import OAuthClient, get_workspace_endpoints
from databricks.sdk.service.iam import GrantRule, RuleSetUpdateRequest, ServicePrincipal
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy, ServicePrincipalFederationPolicyAPI

from bailiwick_clients.acting import using
from bailiwick_clients.consent import agree
from bailiwick_clients.issuer import Issuer
from bailiwick_clients.people import Team
from bailiwick_clients.server import Server

SUBJECT = "repo:acme/churn:environment:prod"


@pytest.fixture(scope="module")
def trusting(binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may ask issuers on this machine for their keys."""
    running = Server(binary, tmp_path_factory.mktemp("trusting"), flags=["--oauth-allow", "127.0.0.1"]).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    yield running
    running.close()


@pytest.fixture(scope="module")
def admin_sdk(trusting: Server) -> WorkspaceClient:
    return Team(trusting).admin.sdk


@pytest.fixture
def robot(admin_sdk: WorkspaceClient) -> ServicePrincipal:
    return admin_sdk.service_principals.create(display_name="ci")


def federate(admin: WorkspaceClient, robot: ServicePrincipal, issuer: Issuer) -> FederationPolicy:
    """Lets the issuer's tokens about SUBJECT in as the service principal, as an account administrator does with the SDK."""
    return ServicePrincipalFederationPolicyAPI(admin.api_client).create(
        int(robot.id), FederationPolicy(description="ci", oidc_policy=OidcFederationPolicy(issuer=issuer.url, subject=SUBJECT))
    )


def log_a_run(environment: dict[str, str], name: str) -> str:
    """Runs a training script with nothing but these variables, and gives the run's id."""
    script = (
        "import mlflow\n"
        f"mlflow.set_experiment('/Shared/{name}')\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_metric('auc', 0.9)\n"
        "    mlflow.log_text('text', 'note.txt')\n"
        "print(run.info.run_id)\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "MLFLOW_"))}
    clean |= {"DATABRICKS_CONFIG_FILE": "/nonexistent", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"} | environment
    done = subprocess.run([sys.executable, "-c", script], env=clean, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()[-1]


def creator(server: Server, run: str) -> str:
    return server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", token=server.admin_token).ok()["run"]["info"]["user_id"]


def test_client_secret(trusting: Server, admin_sdk: WorkspaceClient, robot: ServicePrincipal) -> None:
    made = admin_sdk.service_principal_secrets_proxy.create(robot.id, lifetime="3600s")
    machine = WorkspaceClient(host=trusting.url, client_id=robot.application_id, client_secret=made.secret)
    assert machine.config.auth_type == "oauth-m2m"
    assert machine.current_user.me().user_name == robot.application_id
    assert [s.id for s in admin_sdk.service_principal_secrets_proxy.list(robot.id)] == [made.id]
    run = log_a_run(
        {
            "MLFLOW_TRACKING_URI": "databricks",
            "DATABRICKS_HOST": trusting.url,
            "DATABRICKS_CLIENT_ID": robot.application_id,
            "DATABRICKS_CLIENT_SECRET": made.secret,
        },
        "m2m",
    )
    assert creator(trusting, run) == robot.application_id
    admin_sdk.service_principal_secrets_proxy.delete(robot.id, made.id)
    with pytest.raises(Exception, match="(?i)invalid|unauth|401"):
        machine.current_user.me()


def test_rule_sets(admin_sdk: WorkspaceClient, robot: ServicePrincipal) -> None:
    name = f"accounts/{admin_sdk.config.account_id}/servicePrincipals/{robot.application_id}/ruleSets/default"
    held = admin_sdk.account_access_control_proxy.get_rule_set(name, "")
    rule = GrantRule(role="roles/servicePrincipal.manager", principals=["groups/users"])
    put = admin_sdk.account_access_control_proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=held.etag, grant_rules=[rule]))
    assert put.grant_rules == [rule] and put.etag != held.etag
    with pytest.raises(Exception, match="changed meanwhile"):
        admin_sdk.account_access_control_proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=held.etag, grant_rules=[]))


def browse(server: Server, token: str, address: str) -> dict[str, str]:
    """Does in a browser's stead what a person does who has signed in: he says yes. Gives what the program is told."""
    browser = requests.Session()
    entered = browser.post(f"{server.url}/api/governance/1.0/sessions", json={"token": token}, headers={"X-Bailiwick-Console": "1"})
    assert entered.status_code == 200, entered.text
    return agree(browser, address)


def test_user_login(trusting: Server) -> None:
    ann = Team(trusting).user("ann")
    client = OAuthClient(get_workspace_endpoints(trusting.url), "http://localhost:8020", "databricks-cli")
    consent = client.initiate_consent()
    answer = browse(trusting, ann.token, consent.authorization_url)
    session = consent.exchange_callback_parameters(answer)
    first = session.token()
    assert first.refresh_token and sorted(answer) == ["code", "iss", "state"]
    signed_in = WorkspaceClient(host=trusting.url, token=first.access_token)
    assert signed_in.current_user.me().user_name == ann.name
    second = session.refresh()
    assert second.refresh_token != first.refresh_token
    with pytest.raises(ValueError, match="Authorization code is invalid"):
        consent.exchange_callback_parameters(answer)  # the code again ends what it became
    with pytest.raises(ValueError, match="invalid_grant: Refresh token is invalid"):
        session.refresh()
    with pytest.raises(Exception, match="(?i)invalid"):
        signed_in.current_user.me()


def test_deactivated(trusting: Server) -> None:
    team = Team(trusting)
    bea = team.user("bea")
    client = OAuthClient(get_workspace_endpoints(trusting.url), "http://localhost:8020", "databricks-cli")
    consent = client.initiate_consent()
    session = consent.exchange_callback_parameters(browse(trusting, bea.token, consent.authorization_url))
    token = session.token().access_token
    off = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    team.admin.call("PATCH", f"/api/2.0/preview/scim/v2/Users/{bea.id}", off).ok()
    assert trusting.call("GET", "/api/2.0/preview/scim/v2/Me", token=token).status == 401
    with pytest.raises(ValueError, match="Refresh token is invalid"):
        session.refresh()


@pytest.mark.parametrize("how", ["env-oidc", "file-oidc"])
def test_ci_job(how: str, trusting: Server, admin_sdk: WorkspaceClient, robot: ServicePrincipal, issuer: Issuer, tmp_path: Path) -> None:
    """A job that holds no secret of this server logs a run as its service principal."""
    account = admin_sdk.config.account_id
    token = issuer.token(sub=SUBJECT, aud=account)
    environment = {"DATABRICKS_HOST": trusting.url, "DATABRICKS_CLIENT_ID": robot.application_id, "DATABRICKS_AUTH_TYPE": how}
    (tmp_path / "token").write_text(token)
    environment |= {"DATABRICKS_OIDC_TOKEN": token} if how == "env-oidc" else {"DATABRICKS_OIDC_TOKEN_FILEPATH": str(tmp_path / "token")}
    policy = federate(admin_sdk, robot, issuer)
    assert policy.oidc_policy and policy.oidc_policy.subject == SUBJECT
    run = log_a_run(environment | {"MLFLOW_TRACKING_URI": "databricks"}, how)
    assert creator(trusting, run) == robot.application_id


def test_mlflow_brings_an_access_token(trusting: Server, admin_sdk: WorkspaceClient, robot: ServicePrincipal, issuer: Issuer) -> None:
    """A job without any SDK exchanges its token by one request, and gives MLflow what it got."""
    federate(admin_sdk, robot, issuer)
    ask = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "client_id": robot.application_id,
        "scope": "all-apis",
    }

    def exchange(about: str) -> requests.Response:
        token = issuer.token(sub=about, aud=admin_sdk.config.account_id)
        return requests.post(f"{trusting.url}/oidc/v1/token", data=ask | {"subject_token": token})

    refused = exchange("repo:evil/churn")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant"), refused.text
    access = exchange(SUBJECT).json()["access_token"]
    with using({"MLFLOW_TRACKING_URI": trusting.url, "MLFLOW_TRACKING_TOKEN": access}) as client:
        mlflow.set_experiment("/Shared/exchanged")
        with mlflow.start_run() as run:
            mlflow.log_param("p", "1")
            mlflow.log_text("text", "note.txt")
        assert client.get_run(run.info.run_id).info.user_id == robot.application_id
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "text"
