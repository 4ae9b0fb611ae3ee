"""The unmodified Databricks SDK for Python: people, tokens, the workspace tree, permissions, experiments, settings, and being refused."""

from __future__ import annotations

import base64
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists, Unauthenticated
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema, PermissionLevel
from databricks.sdk.service.ml import Metric, Param, RunTag, UpdateRunStatus
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from bailiwick_clients.people import Person, Team, entry, sdk
from bailiwick_clients.refusals import error_of, missing, refused

PATCH = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
SOURCE = "# Databricks notebook source\nprint('hello')\n\n# COMMAND ----------\n\nprint('world')\n"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


@pytest.fixture
def ada(team: Team) -> Person:
    return team.user("ada")


@pytest.fixture
def bob(team: Team) -> Person:
    return team.user("bob")


class TestPeople:
    def test_me(self, admin: Person, ada: Person, team: Team) -> None:
        assert admin.sdk.current_user.me().user_name == "admin"
        me = ada.sdk.current_user.me()
        assert (me.user_name, me.id, me.active) == (ada.name, ada.id, True)
        robot = team.service_principal("robot")
        assert robot.sdk.current_user.me().user_name == robot.name
        assert ada.sdk.get_workspace_id() == admin.sdk.get_workspace_id() > 0

    def test_user_from_first_to_last(self, admin: Person, team: Team) -> None:
        w, name = admin.sdk, team.fresh("grace") + "@example.org"
        made = w.users.create(user_name=name, display_name="Grace", emails=[ComplexValue(value=name, primary=True)])
        assert w.users.get(made.id).display_name == "Grace"
        assert [u.id for u in w.users.list(filter=f'userName eq "{name.upper()}"')] == [made.id]
        w.users.patch(made.id, operations=[Patch(op=PatchOp.REPLACE, path="displayName", value="Grace H.")], schemas=PATCH)
        assert w.users.get(made.id).display_name == "Grace H."
        w.users.update(made.id, user_name=name, display_name="G.", active=False)
        assert w.users.get(made.id).active is False
        assert "already exists" in error_of(lambda: w.users.create(user_name=name.upper()))
        w.users.delete(made.id)
        missing(lambda: w.users.get(made.id))

    def test_lists_end(self, admin: Person, team: Team) -> None:
        mark = team.fresh("page")
        made = {admin.sdk.users.create(user_name=f"{mark}-{i}@example.org").id for i in range(7)}
        listed = [u.id for u in admin.sdk.users.list(filter=f'userName sw "{mark}-"', count=3)]
        assert len(listed) == 7 and set(listed) == made
        assert made <= {u.id for u in admin.sdk.users.list(attributes="id,userName")}

    def test_groups(self, admin: Person, ada: Person, bob: Person, team: Team) -> None:
        w, name = admin.sdk, team.fresh("crew")
        inner = w.groups.create(display_name=name + "-inner", members=[ComplexValue(value=bob.id)])
        outer = w.groups.create(display_name=name, members=[ComplexValue(value=ada.id), ComplexValue(value=inner.id)])
        assert {m.value for m in w.groups.get(outer.id).members} == {ada.id, inner.id}
        w.groups.patch(outer.id, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{ada.id}"]')], schemas=PATCH)
        assert {m.value for m in w.groups.get(outer.id).members} == {inner.id}
        w.groups.patch(outer.id, operations=[Patch(op=PatchOp.ADD, value={"members": [{"value": ada.id}]})], schemas=PATCH)
        assert [g.id for g in w.groups.list(filter=f'displayName eq "{name}"')] == [outer.id]
        assert name in [g.display for g in ada.sdk.current_user.me().groups]
        assert list(w.groups.list(filter="displayName eq no-such-group")) == []
        w.groups.delete(outer.id)
        missing(lambda: w.groups.get(outer.id))
        assert w.groups.get(inner.id).display_name == name + "-inner"

    def test_service_principal_with_token_on_its_behalf(self, admin: Person, team: Team) -> None:
        w = admin.sdk
        made = w.service_principals.create(display_name=team.fresh("robot"))
        uuid.UUID(made.application_id)
        token = w.token_management.create_obo_token(made.application_id, comment="ci", lifetime_seconds=600)
        robot = sdk(team.server, token.token_value)
        assert robot.current_user.me().user_name == made.application_id
        w.token_management.delete(token.token_info.token_id)
        with pytest.raises((Unauthenticated, PermissionDenied)):
            robot.current_user.me()
        w.service_principals.delete(made.id)
        missing(lambda: w.service_principals.get(made.id))

    def test_who_is_switched_off_or_removed_is_out(self, admin: Person, team: Team) -> None:
        leaver = team.user("leaver")
        switch = lambda on: admin.sdk.users.patch(  # noqa: E731
            leaver.id, operations=[Patch(op=PatchOp.REPLACE, path="active", value=on)], schemas=PATCH
        )
        switch("false")
        assert leaver.call("GET", "/api/2.0/preview/scim/v2/Me").status == 401
        switch("true")
        assert leaver.call("GET", "/api/2.0/preview/scim/v2/Me").status == 200
        admin.sdk.users.delete(leaver.id)
        assert leaver.call("GET", "/api/2.0/preview/scim/v2/Me").status == 401

    def test_a_name_used_again_starts_with_nothing(self, admin: Person, ada: Person, team: Team) -> None:
        first = team.user("again")
        folder = f"{ada.home}/again"
        ada.sdk.workspace.mkdirs(folder)
        folder_id = str(ada.sdk.workspace.get_status(folder).object_id)
        team.grant("directories", folder_id, first, PermissionLevel.CAN_MANAGE, by=ada)
        first.sdk.workspace.mkdirs(f"{first.home}/private")
        admin.sdk.users.delete(first.id)
        second = team.user(first.name, exact=True)
        assert second.id != first.id
        refused(lambda: second.sdk.workspace.mkdirs(f"{folder}/x"), "CAN_MANAGE", ada.name)
        missing(lambda: second.sdk.workspace.get_status(f"{second.home}/private"))

    def test_only_administrators_make_people(self, ada: Person, team: Team) -> None:
        for call in (
            lambda: ada.sdk.users.create(user_name="x@example.org"),
            lambda: ada.sdk.groups.create(display_name="x"),
            lambda: ada.sdk.users.delete(ada.id),
            lambda: ada.sdk.service_principals.create(display_name="x"),
            lambda: ada.sdk.users.patch(ada.id, operations=[Patch(op=PatchOp.REPLACE, path="active", value="false")], schemas=PATCH),
        ):
            refused(call)
        (admins,) = list(ada.sdk.groups.list(filter='displayName eq "admins"'))
        refused(
            lambda: ada.sdk.groups.patch(
                admins.id, schemas=PATCH, operations=[Patch(op=PatchOp.ADD, path="members", value=[{"value": ada.id}])]
            )
        )
        assert "admins" not in [g.display for g in ada.sdk.current_user.me().groups or []]

    def test_the_last_administrator_stays(self, admin: Person) -> None:
        w = admin.sdk
        (admins,) = list(w.groups.list(filter='displayName eq "admins"'))
        me = w.current_user.me()
        for call in (
            lambda: w.users.delete(me.id),
            lambda: w.groups.delete(admins.id),
            lambda: w.groups.patch(admins.id, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{me.id}"]')], schemas=PATCH),
        ):
            error_of(call)
        assert w.current_user.me().active


class TestTokens:
    def test_own_tokens(self, ada: Person, team: Team) -> None:
        made = ada.sdk.tokens.create(comment="laptop", lifetime_seconds=600)
        assert sdk(team.server, made.token_value).current_user.me().user_name == ada.name
        listed = {t.token_id: t for t in ada.sdk.tokens.list()}
        assert listed[made.token_info.token_id].comment == "laptop"
        assert listed[made.token_info.token_id].expiry_time > listed[made.token_info.token_id].creation_time
        ada.sdk.tokens.delete(made.token_info.token_id)
        with pytest.raises((Unauthenticated, PermissionDenied)):
            sdk(team.server, made.token_value).current_user.me()
        missing(lambda: ada.sdk.tokens.delete(made.token_info.token_id))

    def test_tokens_are_shown_once(self, ada: Person, admin: Person) -> None:
        made = ada.sdk.tokens.create(comment="secret")
        for who, path in [(ada, "/api/2.0/token/list"), (admin, "/api/2.0/token-management/tokens")]:
            assert made.token_value.encode() not in who.call("GET", path).body

    def test_administrators_manage_all(self, admin: Person, ada: Person, bob: Person, team: Team) -> None:
        token = ada.sdk.tokens.create(comment="to go")
        mine = list(admin.sdk.token_management.list(created_by_username=ada.name))
        assert token.token_info.token_id in [t.token_id for t in mine]
        assert all(t.created_by_username == ada.name for t in mine)
        refused(lambda: list(bob.sdk.token_management.list()))
        missing(lambda: bob.sdk.tokens.delete(token.token_info.token_id))
        admin.sdk.token_management.delete(token.token_info.token_id)
        with pytest.raises((Unauthenticated, PermissionDenied)):
            sdk(team.server, token.token_value).current_user.me()
        refused(lambda: ada.sdk.token_management.create_obo_token(str(uuid.uuid4())))


class TestWorkspace:
    def test_notebook_there_and_back(self, ada: Person) -> None:
        w, path = ada.sdk.workspace, f"{ada.home}/hello"
        w.import_(path, content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON)
        status = w.get_status("/Workspace" + path)
        assert (status.object_type, status.language, status.path) == (ObjectType.NOTEBOOK, Language.PYTHON, path)
        assert base64.b64decode(w.export(path, format=ExportFormat.SOURCE).content).decode() == SOURCE
        assert b'"cells"' in base64.b64decode(w.export(path, format=ExportFormat.JUPYTER).content)
        with pytest.raises((BadRequest, ResourceAlreadyExists)):
            w.import_(path, content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON)
        w.import_(
            path, content=b64("# Databricks notebook source\n1"), format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True
        )
        assert w.get_status(path).object_id == status.object_id

    def test_jupyter_there_and_back(self, ada: Person) -> None:
        notebook = (
            b'{"cells":[{"cell_type":"code","execution_count":null,"metadata":{},"outputs":[],"source":["a = 1\\n","a"]}],'
            b'"metadata":{"language_info":{"name":"python"}},"nbformat":4,"nbformat_minor":5}'
        )
        w, path = ada.sdk.workspace, f"{ada.home}/explore"
        w.import_(path, content=b64(notebook), format=ImportFormat.JUPYTER)
        assert w.get_status(path).object_type == ObjectType.NOTEBOOK
        assert b"a = 1" in base64.b64decode(w.export(path, format=ExportFormat.SOURCE).content)

    def test_upload_and_download(self, ada: Person) -> None:
        w, path, content = ada.sdk.workspace, f"{ada.home}/data.csv", b"a,b\n1,2\n" * 1000
        w.upload(path, io.BytesIO(content), format=ImportFormat.RAW)
        assert w.get_status(path).object_type == ObjectType.FILE
        assert w.download(path).read() == content
        w.upload(path, io.BytesIO(b"\x00\xff"), format=ImportFormat.RAW, overwrite=True)
        assert w.download(path).read() == b"\x00\xff"
        w.upload(f"{ada.home}/job.py", io.BytesIO(SOURCE.encode()), format=ImportFormat.AUTO)
        assert w.get_status(f"{ada.home}/job").object_type == ObjectType.NOTEBOOK

    def test_folders(self, ada: Person) -> None:
        w, top = ada.sdk.workspace, f"{ada.home}/top"
        w.mkdirs(f"{top}/a/b")
        w.mkdirs(f"{top}/a/b")
        w.import_(f"{top}/a/nb", content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON)
        assert sorted(o.path for o in w.list(top, recursive=True)) == [f"{top}/a/nb"]
        assert sorted(o.path for o in w.list(f"{top}/a")) == [f"{top}/a/b", f"{top}/a/nb"]
        assert "DIRECTORY_NOT_EMPTY" in error_of(lambda: w.delete(top))
        w.delete(top, recursive=True)
        missing(lambda: w.get_status(top))
        missing(lambda: w.import_(f"{top}/nb", content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON))

    def test_experiments_lie_in_the_tree(self, ada: Person) -> None:
        made = ada.sdk.experiments.create_experiment(f"{ada.home}/seen").experiment_id
        status = ada.sdk.workspace.get_status(f"{ada.home}/seen")
        assert str(status.object_id) == made
        assert f"{ada.home}/seen" in [o.path for o in ada.sdk.workspace.list(ada.home)]

    @pytest.mark.parametrize(
        ("step", "level"),
        [
            ("export", "CAN_READ"),
            ("download", "CAN_READ"),
            ("import", "CAN_MANAGE"),
            ("mkdirs", "CAN_MANAGE"),
            ("delete", "CAN_MANAGE"),
            ("overwrite", "CAN_EDIT"),
        ],
    )
    def test_others_homes_are_closed(self, ada: Person, bob: Person, step: str, level: str) -> None:
        path = f"{ada.home}/mine"
        ada.sdk.workspace.import_(path, content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON)
        w = bob.sdk.workspace
        source: dict[str, Any] = {"content": b64(SOURCE), "format": ImportFormat.SOURCE, "language": Language.PYTHON}
        calls: dict[str, Callable[[], Any]] = {
            "export": lambda: w.export(path),
            "download": lambda: w.download(path),
            "import": lambda: w.import_(f"{ada.home}/theirs", **source),
            "mkdirs": lambda: w.mkdirs(f"{ada.home}/theirs"),
            "delete": lambda: w.delete(path),
            "overwrite": lambda: w.import_(path, overwrite=True, **source),
        }
        refused(calls[step], level, ada.name)

    def test_only_administrators_create_in_the_root(self, ada: Person, admin: Person, team: Team) -> None:
        name = "/" + team.fresh("project")
        refused(lambda: ada.sdk.workspace.mkdirs(name))
        admin.sdk.workspace.mkdirs(name)
        refused(lambda: ada.sdk.workspace.mkdirs(name + "/x"), "CAN_MANAGE", "admin")

    def test_shared_is_everybodys(self, ada: Person, bob: Person, team: Team) -> None:
        folder = f"/Shared/{team.fresh('both')}"
        ada.sdk.workspace.mkdirs(folder)
        bob.sdk.workspace.import_(f"{folder}/nb", content=b64(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON)
        ada.sdk.workspace.delete(folder, recursive=True)


class TestPermissions:
    @pytest.fixture
    def folder(self, ada: Person) -> str:
        ada.sdk.workspace.mkdirs(f"{ada.home}/ours")
        return str(ada.sdk.workspace.get_status(f"{ada.home}/ours").object_id)

    def test_put_patch_get(self, ada: Person, bob: Person, folder: str, team: Team) -> None:
        crew, robot, p = team.group("crew", bob), team.service_principal("robot"), ada.sdk.permissions
        answer = p.set(
            "directories", folder, access_control_list=[entry(crew, PermissionLevel.CAN_READ), entry(robot, PermissionLevel.CAN_RUN)]
        )
        assert (answer.object_id, answer.object_type) == (f"/directories/{folder}", "directory")
        assert direct(answer) == {crew: ["CAN_READ"], robot.name: ["CAN_RUN"]} | own(answer, ada)
        p.update("directories", folder, access_control_list=[entry(bob, PermissionLevel.CAN_EDIT)])
        again = p.get("directories", folder)
        assert direct(again)[bob.name] == ["CAN_EDIT"] and direct(again)[crew] == ["CAN_READ"]
        assert ("admins", "CAN_MANAGE", True) in [
            (a.group_name, x.permission_level.value, x.inherited) for a in again.access_control_list for x in a.all_permissions
        ]
        p.set("directories", folder, access_control_list=[])
        assert set(direct(p.get("directories", folder))) <= {ada.name}

    def test_inherited(self, ada: Person, bob: Person, folder: str, team: Team) -> None:
        ada.sdk.workspace.mkdirs(f"{ada.home}/ours/below")
        below = str(ada.sdk.workspace.get_status(f"{ada.home}/ours/below").object_id)
        experiment = ada.sdk.experiments.create_experiment(f"{ada.home}/ours/below/exp").experiment_id
        team.grant("directories", folder, bob, PermissionLevel.CAN_READ, by=ada)
        for kind, object_id in [("directories", below), ("experiments", experiment)]:
            (his,) = [a for a in ada.sdk.permissions.get(kind, object_id).access_control_list if a.user_name == bob.name]
            (level,) = his.all_permissions
            assert (level.permission_level, level.inherited, level.inherited_from_object) == (
                PermissionLevel.CAN_READ,
                True,
                [f"/directories/{folder}"],
            )
        assert bob.sdk.experiments.get_experiment(experiment).experiment.experiment_id == experiment
        refused(lambda: bob.sdk.experiments.create_run(experiment_id=experiment), "CAN_EDIT", ada.name)

    def test_a_service_principal_named_as_user(self, ada: Person, folder: str, team: Team) -> None:
        robot = team.service_principal("robot")
        as_user = Person(robot.server, robot.name, robot.id, robot.token)
        answer = ada.sdk.permissions.set("directories", folder, access_control_list=[entry(as_user, PermissionLevel.CAN_READ)])
        assert robot.name in [a.service_principal_name for a in answer.access_control_list]

    def test_levels(self, ada: Person, folder: str) -> None:
        levels = ada.sdk.permissions.get_permission_levels("directories", folder).permission_levels
        assert [lv.permission_level.value for lv in levels] == ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]
        assert all(lv.description for lv in levels)

    def test_who_may_not_grant(self, ada: Person, bob: Person, folder: str, team: Team) -> None:
        team.grant("directories", folder, bob, PermissionLevel.CAN_EDIT, by=ada)
        refused(lambda: team.grant("directories", folder, bob, PermissionLevel.CAN_MANAGE, by=bob), "CAN_MANAGE", ada.name)
        refused(lambda: bob.sdk.permissions.get("directories", folder), "CAN_MANAGE")

    def test_what_administrators_keep(self, admin: Person) -> None:
        text = error_of(
            lambda: admin.sdk.permissions.set("directories", "0", access_control_list=[entry("users", PermissionLevel.CAN_READ)])
        )
        assert "admins" in text
        levels = {a.group_name for a in admin.sdk.permissions.get("directories", "0").access_control_list}
        assert "admins" in levels

    @pytest.mark.parametrize(
        ("kind", "name", "level", "part"),
        [
            ("directories", "users", "CAN_FLY", "CAN_MANAGE"),
            ("directories", "users", "CAN_QUERY", "CAN_MANAGE"),
            ("gardens", "users", "CAN_READ", "directories"),
            ("directories", "no-such-group", "CAN_READ", "no-such-group"),
        ],
    )
    def test_unknown_things_are_named(self, ada: Person, folder: str, kind: str, name: str, level: str, part: str) -> None:
        answer = ada.call(
            "PATCH", f"/api/2.0/permissions/{kind}/{folder}", {"access_control_list": [{"group_name": name, "permission_level": level}]}
        )
        assert 400 <= answer.status < 500 and answer.code and part in answer.message, answer


def direct(answer: Any) -> dict[str, list[str]]:
    """The direct levels of an answer, by name."""
    out: dict[str, list[str]] = {}
    for acl in answer.access_control_list:
        name = acl.user_name or acl.group_name or acl.service_principal_name
        levels = [p.permission_level.value for p in acl.all_permissions if not p.inherited]
        if levels:
            out[name] = levels
    return out


def own(answer: Any, who: Person) -> dict[str, list[str]]:
    """The creator's own entry, if it is shown."""
    return {name: levels for name, levels in direct(answer).items() if name == who.name}


class TestExperiments:
    def test_run_from_first_to_last(self, ada: Person, bob: Person) -> None:
        e, name = ada.sdk.experiments, f"{ada.home}/sdk"
        experiment = e.create_experiment(name).experiment_id
        assert e.get_by_name(name).experiment.experiment_id == experiment
        run = e.create_run(experiment_id=experiment, run_name="one", tags=[RunTag(key="a", value="b")]).run.info.run_id
        e.log_metric("loss", 0.5, 1000, run_id=run, step=1)
        e.log_param("depth", "3", run_id=run)
        e.set_tag("c", "d", run_id=run)
        e.log_batch(run_id=run, metrics=[Metric(key="acc", step=0, timestamp=1, value=0.9)], params=[Param(key="rate", value="1")])
        e.update_run(run_id=run, status=UpdateRunStatus.FINISHED, end_time=2000)
        got = e.get_run(run).run
        assert {m.key: m.value for m in got.data.metrics} == {"loss": 0.5, "acc": 0.9}
        assert {p.key: p.value for p in got.data.params} == {"depth": "3", "rate": "1"}
        assert [m.value for m in e.get_history("loss", run_id=run)] == [0.5]
        assert [r.info.run_id for r in e.search_runs(experiment_ids=[experiment], filter="metrics.loss < 1")] == [run]
        assert experiment in [x.experiment_id for x in e.search_experiments(filter=f"name = '{name}'")]
        e.delete_runs(experiment, max_timestamp_millis=got.info.start_time + 1) if hasattr(e, "delete_runs") else e.delete_run(run)
        assert e.get_run(run).run.info.lifecycle_stage == "deleted"
        e.restore_run(run)
        refused(lambda: bob.sdk.experiments.get_run(run), "CAN_READ", ada.name)
        refused(lambda: bob.sdk.experiments.delete_experiment(experiment))
        e.delete_experiment(experiment)
        e.restore_experiment(experiment)

    def test_permissions_of_an_experiment(self, ada: Person, bob: Person) -> None:
        experiment = ada.sdk.experiments.create_experiment(f"{ada.home}/granted").experiment_id
        answer = ada.sdk.permissions.update("experiments", experiment, access_control_list=[entry(bob, PermissionLevel.CAN_EDIT)])
        assert (answer.object_id, answer.object_type) == (f"/experiments/{experiment}", "mlflowExperiment")
        assert bob.sdk.experiments.create_run(experiment_id=experiment).run.info.user_id == bob.name


class TestSettings:
    def test_workspace_conf(self, admin: Person, ada: Person) -> None:
        conf = admin.sdk.workspace_conf
        assert conf.get_status("enableWorkspaceAcls") == {"enableWorkspaceAcls": "true"}
        before = conf.get_status("enforceWorkspaceViewAcls")
        conf.set_status({"enforceWorkspaceViewAcls": "false"})
        assert conf.get_status("enforceWorkspaceViewAcls") == {"enforceWorkspaceViewAcls": "false"}
        assert before.keys() == {"enforceWorkspaceViewAcls"}
        assert 'Invalid keys: ["nonsense"]' in error_of(lambda: conf.set_status({"nonsense": "1"}))
        refused(lambda: ada.sdk.workspace_conf.set_status({"enforceWorkspaceViewAcls": "true"}))


def test_nobody_is_told_apart_from_somebody_refused(team: Team) -> None:
    with pytest.raises((Unauthenticated, PermissionDenied)) as caught:
        sdk(team.server, "dapi" + "f" * 40).current_user.me()
    assert "token" in str(caught.value).lower()
    with pytest.raises(NotFound):
        team.admin.sdk.workspace.get_status("/no/such/path")
