"""IP access lists, tokens and their management, through the Databricks SDK as it is and in the manner of Terraform's provider."""

from __future__ import annotations

import pytest
from bailiwick_clients.people import Team, sdk
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidState, NotFound, PermissionDenied
from databricks.sdk.service.settings import ListType

AGENT = "databricks-tf-provider/1.128.0 databricks-sdk-go/0.175.0 go/1.26 os/linux terraform/1.9.8 resource/ip_access_list sdk/sdkv2 auth/pat"
CONF = "/api/2.0/workspace-conf"
LISTS = "/api/2.0/ip-access-lists"


@pytest.fixture
def admin(team: Team) -> WorkspaceClient:
    return team.admin.sdk


def test_sdk_lists(admin: WorkspaceClient) -> None:
    made = admin.ip_access_lists.create("office", ListType.BLOCK, ip_addresses=["192.0.2.0/24", "2001:db8::/32"]).ip_access_list
    assert made and made.list_id and made.address_count == 2 and made.enabled and made.created_at and made.created_by
    try:
        admin.ip_access_lists.replace(made.list_id, "office 2", ListType.BLOCK, True, ip_addresses=["192.0.2.9"])
        admin.ip_access_lists.update(made.list_id, enabled=False)
        got = admin.ip_access_lists.get(made.list_id).ip_access_list
        assert got and (got.label, got.ip_addresses, got.enabled) == ("office 2", ["192.0.2.9"], False)
        assert made.list_id in [one.list_id for one in admin.ip_access_lists.list()]
        with pytest.raises(BadRequest):
            admin.ip_access_lists.create("bad", ListType.BLOCK, ip_addresses=["192.0.2.0/33"])
    finally:
        admin.ip_access_lists.delete(made.list_id)
    with pytest.raises(NotFound):
        admin.ip_access_lists.get(made.list_id)


def test_sdk_lockout(admin: WorkspaceClient, team: Team) -> None:
    admin.workspace_conf.set_status({"enableIpAccessLists": "true"})
    try:
        with pytest.raises(InvalidState):
            admin.ip_access_lists.create("all", ListType.BLOCK, ip_addresses=["0.0.0.0/0", "::/0"])
        own = team.user("ida").sdk
        with pytest.raises(PermissionDenied):
            list(own.ip_access_lists.list())
    finally:
        admin.workspace_conf.set_status({"enableIpAccessLists": "false"})
    assert admin.workspace_conf.get_status("enableIpAccessLists") == {"enableIpAccessLists": "false"}


def test_sdk_tokens(admin: WorkspaceClient, team: Team) -> None:
    ida = team.user("ida").sdk
    made = ida.tokens.create(comment="ci", lifetime_seconds=600)
    assert made.token_value and made.token_info and made.token_info.token_id
    short = sdk(team.server, made.token_value)
    heir = short.tokens.create(comment="heir")
    assert heir.token_info and heir.token_info.expiry_time == made.token_info.expiry_time
    with pytest.raises(PermissionDenied):
        short.tokens.create(lifetime_seconds=6000)
    assert made.token_info.token_id in [t.token_id for t in admin.token_management.list()]
    admin.token_management.delete(made.token_info.token_id)
    with pytest.raises(Exception, match="Invalid access token"):
        short.current_user.me()
    admin.workspace_conf.set_status({"enableTokensConfig": "false"})
    try:
        with pytest.raises(BadRequest, match="switched off"):
            ida.tokens.create(comment="late")
    finally:
        admin.workspace_conf.set_status({"enableTokensConfig": "true"})


def test_terraform(team: Team) -> None:
    """workspace_conf, then the list: create, read, update by PUT, read, plan again, destroy, read the absence."""

    def call(method: str, path: str, body: object = None):  # type: ignore[no-untyped-def]
        return team.admin.call(method, path, body, headers={"User-Agent": AGENT, "Accept": "application/json"})

    assert call("PATCH", CONF, {"enableIpAccessLists": "true"}).status == 204
    try:
        wanted = {"label": "us office", "list_type": "BLOCK", "ip_addresses": ["1.2.3.0/24", "1.2.5.0/24"]}
        made = call("POST", LISTS, wanted).ok()["ip_access_list"]
        one = f"{LISTS}/{made['list_id']}"
        read = call("GET", one).ok()["ip_access_list"]
        assert {k: read[k] for k in wanted} == wanted and read["enabled"] is True
        call("PUT", one, {**wanted, "ip_addresses": ["1.2.3.4"], "enabled": True}).ok()
        assert call("GET", one).ok()["ip_access_list"]["ip_addresses"] == ["1.2.3.4"]
        call("DELETE", one).ok()
        gone = call("GET", one)
        assert gone.status == 404 and gone.code == "RESOURCE_DOES_NOT_EXIST"
    finally:
        assert call("PATCH", CONF, {"enableIpAccessLists": "false"}).status == 204
