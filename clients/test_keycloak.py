"""People of a company whose directory is Keycloak, in the place of Okta and Entra ID: sign-in by password, groups and roles by claims, new keys
while the server runs, and sign-out from the provider's side."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mlflow
import pytest
import requests
from databricks.sdk.oauth import OAuthClient, get_workspace_endpoints
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy, ServicePrincipalFederationPolicyAPI

from bailiwick_clients.acting import using
from bailiwick_clients.consent import agree
from bailiwick_clients.keycloak import TENANT, Realm, browser
from bailiwick_clients.people import GOVERNANCE, Person, Team
from bailiwick_clients.server import Server, free_port


@pytest.fixture(scope="module")
def company(binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Realm]]:
    """A server and a realm that know each other."""
    folder = tmp_path_factory.mktemp("keycloak")
    server = Server(binary, folder, port=free_port())
    realm = Realm(server.url)
    secret = folder / "secret"
    secret.write_text(realm.secret)
    providers = [
        realm.provider("okta", str(secret), groups={"ml": "ml-team", "bosses": "managers"}),
        realm.provider("entra", str(secret), groups={"ml": "ml-team"}, allow={"tenants": [TENANT]}),
    ]
    listed = folder / "providers.json"
    listed.write_text(json.dumps({"providers": providers}))
    server.flags = ["--oidc-providers", str(listed), "--oidc-allow", "127.0.0.1", "--oauth-allow", "127.0.0.1"]
    yield server.start(), realm
    server.kill()


class Visitor:
    """Somebody with a browser's cookies. Keycloak's form needs no script."""

    def __init__(self, server: Server, realm: Realm) -> None:
        self.server, self.realm = server, realm
        self.browser = browser()

    def sign_in(self, name: str, provider: str = "okta") -> requests.Response:
        page = self.browser.get(f"{self.server.url}/login/oidc/{provider}", timeout=60)
        return self.realm.log_in(page, self.browser, name)

    def me(self) -> dict[str, Any]:
        """What the server says of who is signed in."""
        answer = self.session()
        assert answer.status_code == 200, f"{answer.text} {self.problem}"
        return dict(answer.json())

    def session(self) -> requests.Response:
        return self.browser.get(f"{self.server.url}{GOVERNANCE}/session", timeout=30)

    @property
    def problem(self) -> str:
        """What the page for signing in says of the last try."""
        return unquote(next((c.value or "" for c in self.browser.cookies if c.name == "bailiwick_sign_in_problem"), ""))

    def approve(self, model: str) -> requests.Response:
        """Approves what waits for Production, as the console does."""
        asked = {"name": model, "version": "1", "stage": "Production", "archive_existing_versions": False}
        headers = {"X-CSRF-Token": self.me()["csrf"]}
        return self.browser.post(f"{self.server.url}/api/2.0/mlflow/transition-requests/approve", json=asked, headers=headers, timeout=30)

    def groups(self) -> list[str]:
        return sorted(self.me()["groups"])


@pytest.fixture
def visitor(company: tuple[Server, Realm]) -> Visitor:
    return Visitor(*company)


def test_claims_give_exactly_the_mapped_groups(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("ann")
    me = visitor.me()
    assert me["user"]["name"] == "ann@example.org"
    assert "ml-team" in me["groups"] and not {"managers", "outside", "admins"} & set(me["groups"]), me["groups"]
    assert me["administrator"] is False
    # What the company takes away is gone with the next sign-in, and what others gave here stays.
    by_hand = Team(server).admin.sdk.groups.create(display_name="by-hand")
    patch = {"Operations": [{"op": "add", "path": "members", "value": [{"value": me["user"]["id"]}]}], "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    server.call("PATCH", f"/api/2.0/preview/scim/v2/Groups/{by_hand.id}", patch).ok()
    realm.leave_group("ann", "ml")
    again = Visitor(server, realm)
    again.sign_in("ann")
    assert "ml-team" not in again.groups() and "by-hand" in again.groups()


def test_a_new_key_signs_people_in_at_once(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("cleo")
    assert visitor.session().status_code == 200
    realm.rotate()
    after = Visitor(server, realm)
    after.sign_in("cleo")
    assert after.session().status_code == 200, after.problem


def test_sign_out_at_the_provider_ends_the_session_here(company: tuple[Server, Realm], visitor: Visitor) -> None:
    _, realm = company
    visitor.sign_in("bob")
    assert "managers" in visitor.groups()
    realm.sign_out_everywhere("bob")
    until = time.monotonic() + 30  # Keycloak calls before it answers; a retry of its own may come later
    while visitor.session().status_code == 200 and time.monotonic() < until:
        time.sleep(0.2)
    assert visitor.session().status_code == 401


def test_deactivated_here_means_out_whatever_the_provider_thinks(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("bob")
    me = visitor.me()["user"]
    patch = {"Operations": [{"op": "replace", "value": {"active": False}}], "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    server.call("PATCH", f"/api/2.0/preview/scim/v2/Users/{me['id']}", patch).ok()
    assert visitor.session().status_code == 401
    back = Visitor(server, realm)
    back.sign_in("bob")
    assert back.session().status_code == 401
    assert "not active" in back.problem


def test_whatever_somebody_had_ends_when_the_directory_takes_him_out(company: tuple[Server, Realm], visitor: Visitor) -> None:
    """Session, token, a program's access token and its refresh token: each answers 401 on its next call."""
    server, _ = company
    visitor.sign_in("dan")
    me = visitor.me()
    made = visitor.browser.post(f"{server.url}/api/2.0/token/create", json={}, headers={"X-CSRF-Token": me["csrf"]}, timeout=30)
    consent = OAuthClient(get_workspace_endpoints(server.url), "http://localhost:8020", "databricks-cli").initiate_consent()
    program = consent.exchange_callback_parameters(agree(visitor.browser, consent.authorization_url))
    tokens = [made.json()["token_value"], program.token().access_token]
    who = "/api/2.0/preview/scim/v2/Me"
    assert [server.call("GET", who, token=t).status for t in tokens] == [200, 200]
    directory = server.call("POST", f"{GOVERNANCE}/identity/directories", {"name": "okta", "adopts": True}).ok()["token_value"]
    off = {"Operations": [{"op": "replace", "value": {"active": False}}], "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    server.call("PATCH", f"/scim/v2/Users/{me['user']['id']}", off, token=directory).ok()
    assert visitor.session().status_code == 401
    assert [server.call("GET", who, token=t).status for t in tokens] == [401, 401]
    with pytest.raises(ValueError, match="Refresh token is invalid"):
        program.refresh()


def test_overage_is_refused_with_what_to_configure(visitor: Visitor) -> None:
    visitor.sign_in("cleo", "entra")
    assert visitor.session().status_code == 401
    assert "Groups assigned to the application" in visitor.problem


def test_a_new_person_with_an_old_name_is_not_the_old_one(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("cleo")
    assert visitor.session().status_code == 200
    realm.recreate("cleo")
    other = Visitor(server, realm)
    other.sign_in("cleo")
    assert other.session().status_code == 401
    assert "somebody else" in other.problem


def test_who_is_renamed_there_stays_who_he_is_here(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("ann")
    before = visitor.me()["user"]["id"]
    realm.rename("ann", "anna")
    renamed = Visitor(server, realm)
    renamed.sign_in("anna")
    assert renamed.me()["user"]["id"] == before
    realm.rename("anna", "ann")


def test_dry_run_of_real_tokens(company: tuple[Server, Realm], tmp_path: Path) -> None:
    server, realm = company
    good, foreign = tmp_path / "good", tmp_path / "foreign"
    good.write_text(realm.password_token("okta", "ann"))
    foreign.write_text(realm.password_token("elsewhere", "ann"))
    done = server.command("identity", "explain-token", "--provider", "okta", str(good), token=server.admin_token)
    assert done.returncode == 0, done.stderr
    assert "ann@example.org" in done.stdout
    done = server.command("identity", "explain-token", "--provider", "okta", str(foreign), token=server.admin_token)
    assert done.returncode == 3 and "another client (aud)" in done.stdout, done.stdout + done.stderr
    # The word of the provider opens nothing by itself: a token for a sign-in is no credential.
    answer = server.call("GET", "/api/2.0/mlflow/experiments/search?max_results=1", token=good.read_text())
    assert answer.status == 401


APPROVERS = """
@id("stage-approvers") @claim("stage-approver")
forbid (principal, action in [Action::"decide-any", Action::"decide-staging"], resource is RegisteredModel)
unless { context.claims.contains("stage-approver") };
"""


def waiting(server: Server, name: str, manager: str) -> None:
    """Makes a model with one version, on which the manager has Can Manage, and asks for Production."""
    admin = Team(server).admin
    experiment = admin.mlflow("POST", "experiments/create", {"name": f"/Shared/{name}"}).ok()["experiment_id"]
    run = admin.mlflow("POST", "runs/create", {"experiment_id": experiment}).ok()["run"]["info"]["run_id"]
    admin.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model/MLmodel", b"flavors: {}").ok()
    admin.mlflow("POST", "registered-models/create", {"name": name}).ok()
    admin.mlflow("POST", "model-versions/create", {"name": name, "source": f"runs:/{run}/model", "run_id": run}).ok()
    model = admin.mlflow("GET", f"databricks/registered-models/get?name={name}").ok()["registered_model_databricks"]["id"]
    entry = {"access_control_list": [{"user_name": manager, "permission_level": "CAN_MANAGE"}]}
    admin.call("PATCH", f"/api/2.0/permissions/registered-models/{model}", entry).ok()
    admin.mlflow("POST", "transition-requests/create", {"name": name, "version": "1", "stage": "Production"}).ok()


def test_a_claim_that_is_gone_approves_nothing(company: tuple[Server, Realm], visitor: Visitor) -> None:
    server, realm = company
    visitor.sign_in("ann")
    waiting(server, "scored", "ann@example.org")
    waiting(server, "ranked", "ann@example.org")
    server.call("PUT", f"{GOVERNANCE}/policies", {"text": APPROVERS}).ok()
    answer = visitor.approve("scored")
    assert answer.status_code == 200, answer.text
    realm.take_role("ann", "stage-approver")
    again = Visitor(server, realm)
    again.sign_in("ann")
    for session in (again, visitor):  # the newest word of the provider counts in the older session too
        answer = session.approve("ranked")
        assert answer.status_code == 403, answer.text
        assert "stage-approver" in answer.json()["message"], answer.text


def test_a_program_of_the_company_logs_a_run_with_its_own_token_only(company: tuple[Server, Realm]) -> None:
    server, realm = company
    admin = Team(server).admin
    robot = admin.sdk.service_principals.create(display_name="trainer")
    token = realm.program_token("okta")
    claims = token.split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    rule = OidcFederationPolicy(issuer=realm.issuer, subject=subject, audiences=["bailiwick"])
    ServicePrincipalFederationPolicyAPI(admin.sdk.api_client).create(int(robot.id), FederationPolicy(oidc_policy=rule))
    asked = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "client_id": robot.application_id,
        "scope": "all-apis",
    }
    exchange = f"{server.url}/oidc/v1/token"
    refused = requests.post(exchange, data=asked | {"subject_token": realm.program_token("elsewhere")}, timeout=60)
    assert refused.status_code in (400, 401), refused.text
    given = requests.post(exchange, data=asked | {"subject_token": token}, timeout=60)
    assert given.status_code == 200, given.text
    with using({"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_TOKEN": given.json()["access_token"]}):
        mlflow.set_experiment("/Shared/trained")
        with mlflow.start_run() as run:
            mlflow.log_metric("auc", 0.9)
    info = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={run.info.run_id}").ok()["run"]["info"]
    assert info["user_id"] == robot.application_id
