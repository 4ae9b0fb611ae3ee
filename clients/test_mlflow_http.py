"""MLflow's Python client with an http tracking URI and a token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from bailiwick_clients.acting import HTTP, acting
from bailiwick_clients.being_refused import BeingRefused
from bailiwick_clients.life import TrackingLife
from bailiwick_clients.place import Place, data


class TestHTTP(TrackingLife, BeingRefused):
    uri = HTTP

    def test_ranges(self, client: MlflowClient, place: Place, experiment: str) -> None:
        """Parts of a file, as players and resuming downloads ask for them."""
        run = client.create_run(experiment)
        client.log_text(run.info.run_id, "0123456789", "digits.txt")
        path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run.info.run_id}/artifacts/digits.txt"
        for asked, status, body in [
            ("bytes=2-4", 206, b"234"),
            ("bytes=-3", 206, b"789"),
            ("bytes=8-", 206, b"89"),
            ("", 200, b"0123456789"),
        ]:
            got = place.ada.call("GET", path, headers={"Range": asked} if asked else {})
            assert (got.status, got.body) == (status, body), asked
        assert place.ada.call("GET", path, headers={"Range": "bytes=50-"}).status == 416

    def test_artifact_addresses_stay_with_the_server(self, client: MlflowClient, experiment: str) -> None:
        run = client.create_run(experiment)
        assert run.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"

    def test_a_file_is_replaced_whole(self, client: MlflowClient, experiment: str) -> None:
        run_id = client.create_run(experiment).info.run_id
        for text in ("first and longer", "second"):
            client.log_text(run_id, text, "note.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt") == "second"

    def test_grid_search(self, client: MlflowClient, place: Place) -> None:
        """Autologging makes a child run for each candidate."""
        chosen = mlflow.set_experiment(f"{place.folder}/grid")
        x, y = data()
        mlflow.sklearn.autolog(silent=True, log_models=False, max_tuning_runs=3)
        try:
            with mlflow.start_run() as run:
                GridSearchCV(LogisticRegression(), {"C": [0.1, 1, 10]}, cv=2).fit(x, y)
        finally:
            mlflow.sklearn.autolog(disable=True)
        children = client.search_runs([chosen.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'", order_by=["params.C ASC"])
        assert [c.data.params["C"] for c in children] == ["0.1", "1", "10"]
        assert client.get_run(run.info.run_id).data.params["best_C"] in ("0.1", "1", "10")

    def test_evaluate(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/evaluated")
        x, y = data()
        frame = x.assign(y=y, guess=(x["age"] > 0).astype(int))
        with mlflow.start_run() as run:
            result = mlflow.models.evaluate(data=frame, targets="y", predictions="guess", model_type="classifier")
        got = client.get_run(run.info.run_id)
        assert got.data.metrics["accuracy_score"] == result.metrics["accuracy_score"]
        assert got.inputs.dataset_inputs and client.list_artifacts(run.info.run_id)

    def test_runs_resume(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/resumed")
        with mlflow.start_run() as first:
            mlflow.log_metric("m", 1, step=1)
        with mlflow.start_run(run_id=first.info.run_id):
            mlflow.log_metric("m", 2, step=2)
        assert [m.value for m in client.get_metric_history(first.info.run_id, "m")] == [1, 2]

    def test_the_default_experiment(self, place: Place) -> None:
        """Who chooses none logs to experiment 0, which lies in /Shared."""
        with acting(place.bob) as bob:
            run = bob.create_run("0")
            bob.log_metric(run.info.run_id, "m", 1)
            assert bob.get_experiment("0").name == "Default" or bob.get_experiment("0").name.startswith("/Shared/")
            assert run.info.experiment_id == "0"

    def test_system_metrics(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/system")
        with mlflow.start_run(log_system_metrics=False) as run:
            mlflow.log_metrics({f"system/cpu_{i}": i for i in range(20)}, step=0, synchronous=False).wait()
        assert len(client.get_run(run.info.run_id).data.metrics) == 20

    def test_many_clients_at_once(self, client: MlflowClient, place: Place, experiment: str) -> None:
        """Eight threads log into one run; nothing is lost and nothing is counted twice."""
        run_id = client.create_run(experiment).info.run_id

        def log(worker: int) -> None:
            for step in range(20):
                client.log_metric(run_id, "shared", worker, step=worker * 100 + step)
                client.log_param(run_id, f"p{worker}_{step}", step)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(log, range(8)))
        assert len(client.get_metric_history(run_id, "shared")) == 160
        assert len(client.get_run(run_id).data.params) == 160

    def test_server_tells_what_it_speaks(self, place: Place) -> None:
        assert place.ada.call("GET", "/version").body.decode().strip('"\n') == mlflow.__version__
        assert place.ada.call("GET", "/health").body == b"OK"
        with acting(place.ada):
            assert mlflow.get_tracking_uri() == place.team.server.url
