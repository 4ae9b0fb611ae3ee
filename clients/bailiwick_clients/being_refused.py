"""Being refused, at each step of a tracking client's life."""

from __future__ import annotations

from dataclasses import dataclass

import mlflow
import pytest
from databricks.sdk.service.iam import PermissionLevel
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from .acting import acting
from .people import Person, Team
from .place import QUICK, AtPlace, Place, data, dataset_input
from .refusals import refused


@dataclass(frozen=True)
class Ours:
    experiment: str
    name: str
    run: str
    model: str
    gone: str


class BeingRefused(AtPlace):
    @pytest.fixture(scope="class")
    @classmethod
    def ours(cls, place: Place) -> Ours:
        """Things of Ada's that others try to use."""
        with acting(place.ada, cls.uri) as client:
            chosen = mlflow.set_experiment(f"{place.folder}/ours")
            x, y = data()
            with mlflow.start_run() as run:
                mlflow.log_metric("loss", 1)
                mlflow.log_text("hers", "notes.txt")
                model = mlflow.sklearn.log_model(LogisticRegression().fit(x, y), name="ours", input_example=x[:2], **QUICK)
            gone = client.create_run(chosen.experiment_id)
            client.delete_run(gone.info.run_id)
        return Ours(chosen.experiment_id, chosen.name, run.info.run_id, model.model_id, gone.info.run_id)

    READS = {
        "get_experiment": lambda c, o: c.get_experiment(o.experiment),
        "get_experiment_by_name": lambda c, o: c.get_experiment_by_name(o.name),
        "get_run": lambda c, o: c.get_run(o.run),
        "get_metric_history": lambda c, o: c.get_metric_history(o.run, "loss"),
        "list_artifacts": lambda c, o: c.list_artifacts(o.run),
        "download_artifacts": lambda c, o: c.download_artifacts(o.run, "notes.txt"),
        "get_logged_model": lambda c, o: c.get_logged_model(o.model),
        "load_model": lambda c, o: mlflow.sklearn.load_model(f"models:/{o.model}"),
    }
    WRITES = {
        "create_run": lambda c, o: c.create_run(o.experiment),
        "log_metric": lambda c, o: c.log_metric(o.run, "m", 1),
        "log_param": lambda c, o: c.log_param(o.run, "p", 1),
        "log_batch": lambda c, o: c.log_batch(o.run, [Metric("m", 1, 1, 1)]),
        "set_tag": lambda c, o: c.set_tag(o.run, "t", "1"),
        "delete_tag": lambda c, o: c.delete_tag(o.run, "mlflow.source.name"),
        "update_run": lambda c, o: c.update_run(o.run, name="mine"),
        "set_terminated": lambda c, o: c.set_terminated(o.run),
        "log_inputs": lambda c, o: c.log_inputs(o.run, [dataset_input("theirs")]),
        "log_text": lambda c, o: c.log_text(o.run, "x", "theirs.txt"),
        "delete_run": lambda c, o: c.delete_run(o.run),
        "restore_run": lambda c, o: c.restore_run(o.gone),
        "set_experiment_tag": lambda c, o: c.set_experiment_tag(o.experiment, "t", "1"),
        "create_logged_model": lambda c, o: c.create_logged_model(o.experiment, name="theirs"),
        "finalize_logged_model": lambda c, o: c.finalize_logged_model(o.model, "FAILED"),
        "set_logged_model_tags": lambda c, o: c.set_logged_model_tags(o.model, {"t": "1"}),
        "delete_logged_model": lambda c, o: c.delete_logged_model(o.model),
    }
    # Writes before which the client itself reads, so that a stranger is refused at that.
    LOOK_FIRST = {"update_run": None, "set_terminated": None, "set_logged_model_tags": None, "log_text": None}
    MANAGES = {
        "rename_experiment": lambda c, o: c.rename_experiment(o.experiment, o.name + "-theirs"),
        "delete_experiment": lambda c, o: c.delete_experiment(o.experiment),
    }

    @pytest.mark.parametrize("step", [*READS, *WRITES, *MANAGES])
    def test_a_stranger_is_refused(self, place: Place, ours: Ours, step: str) -> None:
        call = {**self.READS, **self.WRITES, **self.MANAGES}[step]
        level = "CAN_READ" if step in self.READS | self.LOOK_FIRST else "CAN_EDIT" if step in self.WRITES else ""
        with acting(place.bob, self.uri) as bob:
            refused(lambda: call(bob, ours), level, place.ada.name)

    @pytest.mark.parametrize("step", READS)
    def test_a_reader_reads(self, place: Place, ours: Ours, step: str) -> None:
        with acting(place.rita, self.uri) as rita:
            self.READS[step](rita, ours)

    @pytest.mark.parametrize("step", [*WRITES, *MANAGES])
    def test_a_reader_does_not_write(self, place: Place, ours: Ours, step: str) -> None:
        with acting(place.rita, self.uri) as rita:
            refused(lambda: {**self.WRITES, **self.MANAGES}[step](rita, ours), "CAN_EDIT" if step in self.WRITES else "", place.ada.name)

    def test_refusals_changed_nothing(self, client: MlflowClient, ours: Ours) -> None:
        run = client.get_run(ours.run)
        assert run.data.metrics == {"loss": 1.0} and run.info.lifecycle_stage == "active"
        assert "p" not in run.data.params and "t" not in run.data.tags
        assert [a.path for a in client.list_artifacts(ours.run) if a.path == "theirs.txt"] == []
        assert client.get_experiment(ours.experiment).name == ours.name
        assert str(client.get_logged_model(ours.model).status) == "READY"

    def test_an_editor_logs(self, place: Place, experiment: str) -> None:
        with acting(place.ed, self.uri) as ed:
            run = ed.create_run(experiment)
            ed.log_metric(run.info.run_id, "m", 1)
            ed.log_text(run.info.run_id, "ed's", "ed.txt")
            assert ed.get_run(run.info.run_id).info.user_id == place.ed.name

    def test_a_revocation_holds_from_the_next_call_on(self, place: Place, client: MlflowClient, experiment: str, team: Team) -> None:
        guest = team.user("guest")
        run_id = client.create_run(experiment).info.run_id
        for _ in range(3):
            team.grant("experiments", experiment, guest, PermissionLevel.CAN_READ, by=place.ada)
            with acting(guest, self.uri) as theirs:
                assert theirs.get_run(run_id).info.run_id == run_id
            team.revoke_all("experiments", experiment, by=place.ada)
            with acting(guest, self.uri) as theirs:
                refused(lambda: theirs.get_run(run_id), "CAN_READ")

    def test_a_bad_token_is_told_apart(self, place: Place, experiment: str) -> None:
        wrong = Person(place.team.server, place.ada.name, "", "dapi" + "0" * 48)
        with acting(wrong, self.uri) as nobody, pytest.raises(MlflowException) as caught:
            nobody.get_experiment(experiment)
        assert "UNAUTHENTICATED" in str(caught.value) or "401" in str(caught.value)
