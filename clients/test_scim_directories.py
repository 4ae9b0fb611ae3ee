"""The requests that Okta and Entra ID send, in their order and dialects, as their documentation records them (reference: Okta SCIM 2.0, Entra's
tutorial on SCIM and its list of compatibility problems), each with the exact status and what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from bailiwick_clients.people import GOVERNANCE, Person
from bailiwick_clients.server import Answer, Server

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


@dataclass
class Directory:
    """A company's directory at its own token."""

    server: Server
    name: str
    base: str
    agent: str
    token: str = ""

    def send(self, status: int, method: str, path: str, body: Any = None) -> Answer:
        answer = self.server.call(
            method, self.base + path, None if body is None else json.dumps(body).encode(), token=self.token,
            headers={"Content-Type": "application/scim+json; charset=utf-8", "Accept": "application/scim+json", "User-Agent": self.agent},
        )
        assert answer.status == status, f"{method} {path}: {answer}"
        assert not answer.body or answer.headers["Content-Type"].startswith("application/scim+json")
        return answer

    def patch(self, status: int, path: str, *operations: dict[str, Any]) -> Answer:
        return self.send(status, "PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def find(self, kind: str, text: str, more: str = "") -> Any:
        return self.send(200, "GET", f"/{kind}?filter={quote(text)}{more}").json

    def members(self, group: str) -> set[str]:
        return {m["value"] for m in self.send(200, "GET", f"/Groups/{group}").json["members"]}


@pytest.fixture(scope="module")
def connect(server: Server, admin: Person) -> Callable[..., Directory]:
    def make(name: str, base: str, agent: str) -> Directory:
        made = admin.call("POST", f"{GOVERNANCE}/identity/directories", {"name": name}).ok()
        return Directory(server, name, base, agent, made["token_value"])

    return make


@pytest.fixture(scope="module")
def okta(connect: Callable[..., Directory]) -> Directory:
    return connect("okta-replay", "/scim/v2", "Okta SCIM Client 1.0.0")


@pytest.fixture(scope="module")
def entra(connect: Callable[..., Directory]) -> Directory:
    return connect("entra-replay", "/api/2.1/accounts/00000000-0000-0000-0000-000000000001/scim/v2", "Microsoft-Entra")


def empty(answer: Any) -> bool:
    return answer["schemas"] == [LIST] and answer["totalResults"] == 0 and answer["Resources"] == [] and answer["itemsPerPage"] == 0


def okta_user(name: str, external: str, **more: Any) -> dict[str, Any]:
    return {
        "schemas": [USER], "userName": name, "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": name, "type": "work"}], "displayName": "Test User", "locale": "en-US", "externalId": external,
        "groups": [], "password": "1mz050nq", "active": True, **more,
    }


def test_okta(okta: Directory) -> None:
    # Saving the settings.
    assert okta.send(200, "GET", "/Users?startIndex=1&count=2").json["startIndex"] == 1
    okta.send(200, "GET", "/Groups?startIndex=1&count=100")

    # Assigning a user.
    name = "okta.user@example.com"
    assert empty(okta.find("Users", f'userName eq "{name}"', "&startIndex=1&count=100"))
    made = okta.send(201, "POST", "/Users", okta_user(name, "00ujl29u0le5T6Aj10h7"))
    user = made.json["id"]
    assert made.headers["Location"] == f"{okta.server.url}{okta.base}/Users/{user}" == made.json["meta"]["location"]
    assert made.headers["ETag"] == made.json["meta"]["version"]
    assert "password" not in made.json and made.json["active"] is True and made.json["externalId"] == "00ujl29u0le5T6Aj10h7"
    assert made.json["emails"] == [{"primary": True, "value": name, "type": "work"}] and made.json["schemas"] == [USER]

    # Once more: the error that Okta reads.
    again = okta.send(409, "POST", "/Users", okta_user(name.upper(), "x")).json
    assert again == {
        "schemas": [ERROR], "status": "409", "scimType": "uniqueness", "detail": f"User with username {name.upper()} already exists.",
    }
    found = okta.find("Users", f'userName eq "{name}"', "&startIndex=1&count=100")
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, user)

    # Push Groups, by PATCH.
    group = okta.send(201, "POST", "/Groups", {"schemas": [GROUP], "displayName": "okta-push", "members": []}).json["id"]
    assert okta.send(200, "GET", f"/Groups/{group}").json["members"] == []
    second = okta.send(201, "POST", "/Users", okta_user("okta.second@example.com", "00u2")).json["id"]
    okta.patch(200, f"/Groups/{group}", {"op": "replace", "value": {"id": group, "displayName": "okta-push"}},
               {"op": "add", "path": "members", "value": [{"value": user, "display": name}]})
    okta.patch(200, f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{user}"]'},
               {"op": "add", "path": "members", "value": [{"value": second, "display": "okta.second@example.com"}]})
    assert okta.members(group) == {second}
    okta.patch(200, f"/Groups/{group}", {"op": "replace", "path": "members", "value": [{"value": user}, {"value": second}]})
    assert okta.members(group) == {user, second}
    renamed = okta.patch(200, f"/Groups/{group}", {"op": "replace", "value": {"id": group, "displayName": "okta-pushed"}}).json
    assert renamed["displayName"] == "okta-pushed"

    # Updating the profile: the whole object, groups:[] included, which must not clear memberships.
    okta.send(200, "GET", f"/Users/{user}")
    put = okta.send(200, "PUT", f"/Users/{user}", okta_user(name, "00ujl29u0le5T6Aj10h7", id=user, displayName="Test Renamed")).json
    assert put["displayName"] == "Test Renamed" and [g["value"] for g in put["groups"] if g["display"] == "okta-pushed"] == [group]
    assert okta.members(group) == {user, second}

    # Deactivating and reactivating: gallery applications by PATCH, others by PUT. Never DELETE.
    assert okta.patch(200, f"/Users/{user}", {"op": "replace", "value": {"active": False}}).json["active"] is False
    assert okta.send(200, "GET", f"/Users/{user}").json["active"] is False
    assert okta.patch(200, f"/Users/{user}", {"op": "replace", "value": {"active": True}}).json["active"] is True
    assert okta.send(200, "PUT", f"/Users/{user}", okta_user(name, "00ujl29u0le5T6Aj10h7", active=False)).json["active"] is False
    okta.patch(200, f"/Users/{user}", {"op": "replace", "value": {"password": "another"}})

    # Import, in pages of a hundred; numbers are numbers, and nobody comes twice.
    seen: list[str] = []
    while page := okta.send(200, "GET", f"/Users?startIndex={len(seen) + 1}&count=100").json["Resources"]:
        seen += [u["id"] for u in page]
    assert len(seen) == len(set(seen)) and {user, second} <= set(seen)

    # Unlinking the group.
    okta.send(204, "DELETE", f"/Groups/{group}")
    gone = okta.send(404, "GET", f"/Groups/{group}").json
    assert gone == {"schemas": [ERROR], "status": "404", "detail": f"Group with id {group} not found."}


def entra_user(name: str) -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE], "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", "userName": name, "active": True,
        "emails": [{"primary": True, "type": "work", "value": name}], "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"}, "roles": [],
    }


def test_entra(entra: Directory) -> None:
    # Testing the connection: nobody by a random name, no group by a random id.
    assert empty(entra.find("Users", 'userName eq "6764549f-7d6b-4d3c-a8c4-5f4f2b5e1c0d"'))
    assert empty(entra.find("Groups", 'id eq "6764549f-7d6b-4d3c-a8c4-5f4f2b5e1c0d"', "&excludedAttributes=members"))
    assert {s["id"] for s in entra.send(200, "GET", "/Schemas").json["Resources"]} >= {USER, GROUP, ENTERPRISE}

    # A user, looked for in each of the ways that the matching can be set to.
    name = "entra.user@example.com"
    for text in (f'userName eq "{name}"', 'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"', f'emails[type eq "work"].value eq "{name}"'):
        assert empty(entra.find("Users", text))
    user = entra.send(201, "POST", "/Users", entra_user(name)).json["id"]
    for text in (f'userName eq "{name}"', 'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"', f'emails[type eq "work"].value eq "{name}"'):
        assert [u["id"] for u in entra.find("Users", text)["Resources"]] == [user]

    # The older dialect: capitals, text for truth, an operation for each attribute.
    entra.patch(
        204, f"/Users/{user}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "changed@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updated"},
        {"op": "Add", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "12"},
    )
    now = entra.send(200, "GET", f"/Users/{user}").json
    assert now["emails"] == [{"primary": True, "type": "work", "value": "changed@example.com"}]
    assert now["name"]["familyName"] == "updated" and now[ENTERPRISE]["employeeNumber"] == "7" and ENTERPRISE in now["schemas"]

    # The newer one (?aadOptscim062020): small letters, one object with dotted names.
    path = f"/Users/{user}?aadOptscim062020"
    entra.patch(204, path, {"op": "replace", "value": {"displayName": "Bjfe", "name.givenName": "Kjell", f"{ENTERPRISE}:department": "ml"}})
    now = entra.send(200, "GET", f"/Users/{user}").json
    assert (now["displayName"], now["name"]["givenName"], now[ENTERPRISE]["department"]) == ("Bjfe", "Kjell", "ml")

    # Disabling, restoring: the user is still shown.
    entra.patch(204, f"/Users/{user}", {"op": "Replace", "path": "active", "value": "False"})
    assert entra.find("Users", f'userName eq "{name}"')["Resources"][0]["active"] is False
    entra.patch(204, f"/Users/{user}", {"op": "Replace", "path": "active", "value": "True"})

    # Groups: made without members, which come in batches.
    assert empty(entra.find("Groups", 'displayName eq "entra-team"', "&excludedAttributes=members"))
    group = entra.send(201, "POST", "/Groups", {
        "schemas": [GROUP, ENTRA_GROUP], "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "entra-team",
        "meta": {"resourceType": "Group"},
    }).json["id"]
    other = entra.send(201, "POST", "/Users", entra_user("entra.other@example.com") | {"externalId": "second"}).json["id"]
    entra.patch(204, f"/Groups/{group}", {
        "op": "Add", "path": "members", "value": [{"$ref": None, "value": user}, {"$ref": None, "value": other}],
    })
    assert entra.members(group) == {user, other}
    entra.patch(204, f"/Groups/{group}", {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user}]})
    assert entra.members(group) == {other}
    entra.patch(204, f"/Groups/{group}?aadOptscim062020", {"op": "remove", "path": f'members[value eq "{other}"]'})
    assert entra.members(group) == set()
    entra.patch(204, f"/Groups/{group}", {"op": "Replace", "path": "displayName", "value": "entra-team-2"})
    shown = entra.send(200, "GET", f"/Groups/{group}?excludedAttributes=members").json
    assert shown["displayName"] == "entra-team-2" and "members" not in shown
    taken = entra.send(409, "POST", "/Groups", {"schemas": [GROUP], "displayName": "Entra-Team-2"}).json
    assert (taken["scimType"], taken["status"]) == ("uniqueness", "409")

    # Hard deletion, after the directory's own retention.
    entra.send(204, "DELETE", f"/Groups/{group}")
    entra.send(204, "DELETE", f"/Users/{user}")
    entra.send(404, "GET", f"/Users/{user}")
    assert entra.send(201, "POST", "/Users", entra_user(name)).json["id"] != user


def test_a_source_each(okta: Directory, entra: Directory, admin: Person) -> None:
    """What one directory has made, another one does not change: it is told so, and the administrator sees it."""
    user = okta.send(201, "POST", "/Users", okta_user("owned@example.com", "00u9")).json["id"]
    refused = entra.patch(409, f"/Users/{user}", {"op": "Replace", "path": "displayName", "value": "Mine"}).json
    assert refused["scimType"] == "mutability" and "scim:okta-replay's to say, and scim:entra-replay would change it" in refused["detail"]
    conflicts = admin.call("GET", f"{GOVERNANCE}/identity/conflicts").ok()["conflicts"]
    mine = [c for c in conflicts if c["principal"]["id"] == user]
    assert [(c["attribute"], c["wish"], c["writer"], c["owner"]) for c in mine] == [
        ("displayName", '"Mine"', "scim:entra-replay", "scim:okta-replay"),
    ]
    admin.call("POST", f"{GOVERNANCE}/identity/conflicts/{mine[0]['id']}/resolve", {"decision": "give", "reason": "moved"}).ok()
    entra.patch(204, f"/Users/{user}", {"op": "Replace", "path": "displayName", "value": "Mine"})
    assert okta.send(200, "GET", f"/Users/{user}").json["displayName"] == "Mine"
