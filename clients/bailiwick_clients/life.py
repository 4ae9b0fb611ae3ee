"""A tracking client's whole life, the same for each kind of tracking URI: a suite subclasses TrackingLife and says which."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from .acting import acting
from .place import QUICK, AtPlace, Place, data, dataset_input
from .refusals import error_of, invalid, missing, refused


class TrackingLife(AtPlace):
    # --- experiments

    def test_experiment_from_first_to_last(self, client: MlflowClient, place: Place) -> None:
        name = f"{place.folder}/first"
        assert client.get_experiment_by_name(name) is None
        chosen = mlflow.set_experiment(name)
        assert chosen.name == name and chosen.lifecycle_stage == "active"
        assert mlflow.set_experiment(name).experiment_id == chosen.experiment_id

        client.set_experiment_tag(chosen.experiment_id, "team", "churn")
        client.rename_experiment(chosen.experiment_id, f"{place.folder}/renamed")
        again = client.get_experiment(chosen.experiment_id)
        assert again.name == f"{place.folder}/renamed"
        assert again.tags["team"] == "churn"
        assert client.get_experiment_by_name(name) is None

        client.delete_experiment(chosen.experiment_id)
        assert client.get_experiment(chosen.experiment_id).lifecycle_stage == "deleted"
        found = client.search_experiments(view_type=ViewType.DELETED_ONLY)
        assert chosen.experiment_id in [e.experiment_id for e in found]
        assert "deleted" in error_of(lambda: client.create_run(chosen.experiment_id)).lower()
        client.restore_experiment(chosen.experiment_id)
        assert client.get_experiment(chosen.experiment_id).lifecycle_stage == "active"

    def test_experiment_names(self, client: MlflowClient, place: Place) -> None:
        short = client.create_experiment("relative")
        assert client.get_experiment(short).name == "relative"
        assert client.get_experiment_by_name("relative").experiment_id == short
        assert client.get_experiment_by_name(f"{place.ada.home}/relative").experiment_id == short
        assert client.get_experiment_by_name(f"/Workspace{place.ada.home}/relative").experiment_id == short
        assert "RESOURCE_ALREADY_EXISTS" in error_of(lambda: client.create_experiment("relative"))
        missing(lambda: client.create_experiment(f"{place.folder}/no/such/folder/x"))
        with acting(place.team.admin, self.uri) as admin:
            assert admin.get_experiment(short).name == f"{place.ada.home}/relative"
            assert admin.get_experiment_by_name("relative") is None

    def test_experiments_are_found(self, client: MlflowClient, place: Place) -> None:
        names = [f"{place.folder}/found-{i}" for i in range(5)]
        for i, name in enumerate(names):
            client.set_experiment_tag(client.create_experiment(name), "rank", str(i))
        like = f"name LIKE '{place.folder}/found-%'"
        assert [e.name for e in client.search_experiments(filter_string=like, order_by=["name ASC"])] == names
        assert [e.name for e in client.search_experiments(filter_string=f"{like} AND tags.rank = '3'")] == [names[3]]
        page = client.search_experiments(filter_string=like, order_by=["name DESC"], max_results=2)
        rest = client.search_experiments(filter_string=like, order_by=["name DESC"], max_results=10, page_token=page.token)
        assert [e.name for e in [*page, *rest]] == names[::-1]
        with acting(place.bob, self.uri) as bob:
            assert list(bob.search_experiments(filter_string=like)) == []
        with acting(place.rita, self.uri) as rita:
            assert len(rita.search_experiments(filter_string=like)) == 5

    # --- runs

    def test_run_with_all_that_can_be_logged(self, client: MlflowClient, place: Place, tmp_path: Path) -> None:
        mlflow.set_experiment(f"{place.folder}/everything")
        (tmp_path / "many" / "below").mkdir(parents=True)
        for name in ("many/one.txt", "many/below/two.txt", "single.bin"):
            (tmp_path / name).write_bytes(name.encode() * 100)
        with mlflow.start_run(run_name="whole", description="all at once") as run:
            mlflow.log_param("depth", 4)
            mlflow.log_params({"rate": 0.1, "größe": "ü", "a/b": "with slash"})
            mlflow.log_metric("loss", 0.5, step=1)
            mlflow.log_metrics({"loss": 0.25, "acc": 0.75}, step=2)
            mlflow.log_metric("later", 1, synchronous=False)
            mlflow.set_tag("stage", "draft")
            mlflow.set_tags({"owner": "ada", "empty": ""})
            mlflow.log_artifact(str(tmp_path / "single.bin"), "files")
            mlflow.log_artifacts(str(tmp_path / "many"), "files/many")
            mlflow.log_dict({"a": [1, 2]}, "conf.json")
            mlflow.log_text("grüße", "notes/hello ä.txt")
            mlflow.log_table({"q": ["x"], "a": ["y"]}, "table.json")
            mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "black.png")
            mlflow.log_figure(_figure(), "plots/line.png")
            mlflow.flush_async_logging()

        got = client.get_run(run.info.run_id)
        assert got.info.status == "FINISHED" and got.info.run_name == "whole" and got.info.end_time >= got.info.start_time
        assert got.data.params == {"depth": "4", "rate": "0.1", "größe": "ü", "a/b": "with slash"}
        assert got.data.metrics == {"loss": 0.25, "acc": 0.75, "later": 1.0}
        assert got.data.tags["stage"] == "draft" and got.data.tags["empty"] == "" and got.data.tags["mlflow.note.content"] == "all at once"
        assert got.data.tags["mlflow.user"] == place.ada.name == got.info.user_id
        assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == [(1, 0.5), (2, 0.25)]

        run_id = run.info.run_id
        assert {a.path: a.is_dir for a in client.list_artifacts(run_id)} == {
            "files": True,
            "notes": True,
            "plots": True,
            "conf.json": False,
            "table.json": False,
            "black.png": False,
        }
        assert sorted((a.path, a.file_size) for a in client.list_artifacts(run_id, "files") if not a.is_dir) == [("files/single.bin", 1000)]
        assert mlflow.artifacts.load_dict(f"runs:/{run_id}/conf.json") == {"a": [1, 2]}
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello ä.txt") == "grüße"
        down = Path(client.download_artifacts(run_id, "files", str(tmp_path)))
        assert (down / "many/below/two.txt").read_bytes() == b"many/below/two.txt" * 100
        assert (down / "single.bin").read_bytes() == b"single.bin" * 100

    def test_identity_is_the_servers_to_say(self, client: MlflowClient, place: Place, experiment: str) -> None:
        run = client.create_run(experiment, tags={"mlflow.user": "root"})
        assert run.info.user_id == place.ada.name
        assert run.data.tags["mlflow.user"] == place.ada.name
        assert run.data.tags["mlflow.user.claimed"] == "root"

    def test_nested_runs(self, client: MlflowClient, place: Place) -> None:
        chosen = mlflow.set_experiment(f"{place.folder}/nested")
        with mlflow.start_run() as parent:
            children = []
            for depth in range(3):
                with mlflow.start_run(nested=True) as child:
                    mlflow.log_param("depth", depth)
                    children.append(child.info.run_id)
        found = client.search_runs([chosen.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
        assert sorted(r.info.run_id for r in found) == sorted(children)
        frame = mlflow.search_runs([chosen.experiment_id], order_by=["params.depth DESC"])
        assert list(frame["params.depth"].dropna()) == ["2", "1", "0"]

    def test_a_failed_run_is_marked(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/failing")
        with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
            raise ZeroDivisionError
        assert client.get_run(run.info.run_id).info.status == "FAILED"

    def test_run_goes_and_comes_back(self, client: MlflowClient, experiment: str) -> None:
        run_id = client.create_run(experiment).info.run_id
        client.set_tag(run_id, "keep", "1")
        client.delete_tag(run_id, "keep")
        missing(lambda: client.delete_tag(run_id, "keep"))
        client.update_run(run_id, status="KILLED", name="renamed")
        assert client.get_run(run_id).info.run_name == "renamed"
        assert client.get_run(run_id).data.tags["mlflow.runName"] == "renamed"
        client.delete_run(run_id)
        assert client.get_run(run_id).info.lifecycle_stage == "deleted"
        assert list(client.search_runs([experiment])) == []
        assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
        invalid(lambda: client.log_metric(run_id, "late", 1.0))
        client.restore_run(run_id)
        client.log_metric(run_id, "late", 1.0)
        assert client.get_run(run_id).data.metrics == {"late": 1.0}
        missing(lambda: client.get_run("0" * 32))

    # --- metrics and params

    def test_special_values(self, client: MlflowClient, experiment: str) -> None:
        run_id = client.create_run(experiment).info.run_id
        values = {"nan": math.nan, "up": math.inf, "down": -math.inf, "tiny": 5e-324, "third": 1 / 3, "zero": -0.0}
        for key, value in values.items():
            client.log_metric(run_id, key, value, step=-3)
        client.log_batch(run_id, [Metric("batched", math.nan, 1, 0), Metric("batched", math.inf, 2, 1)])
        got = client.get_run(run_id).data.metrics
        assert math.isnan(got["nan"]) and got["up"] > 1e308 and got["down"] < -1e308
        assert got["tiny"] == 5e-324 and got["third"] == 1 / 3 and got["zero"] == 0
        assert got["batched"] > 1e308
        assert [m.step for m in client.get_metric_history(run_id, "nan")] == [-3]
        assert math.isnan(client.get_metric_history(run_id, "batched")[0].value)

    def test_the_latest_value_is_the_one_of_the_last_step(self, client: MlflowClient, experiment: str) -> None:
        run_id = client.create_run(experiment).info.run_id
        for step, at, value in [(5, 100, 5.0), (7, 50, 7.0), (6, 900, 6.0), (7, 50, 6.5)]:
            client.log_metric(run_id, "m", value, timestamp=at, step=step)
        assert client.get_run(run_id).data.metrics["m"] == 7.0  # equal step and time: the greater value
        assert {(m.step, m.value) for m in client.get_metric_history(run_id, "m")} == {(5, 5.0), (6, 6.0), (7, 7.0), (7, 6.5)}

    def test_long_history(self, client: MlflowClient, experiment: str, place: Place) -> None:
        runs = [client.create_run(experiment).info.run_id for _ in range(2)]
        for run_id in runs:
            for start in range(0, 3000, 1000):
                client.log_batch(run_id, [Metric("loss", 1 / (i + 1), 1000 + i, i) for i in range(start, start + 1000)])
        history = client.get_metric_history(runs[0], "loss")
        assert [m.step for m in history] == list(range(3000))
        assert [m.value for m in history] == [1 / (i + 1) for i in range(3000)]
        query = "&".join(f"run_id={r}" for r in runs) + "&metric_key=loss"
        bulk = place.ada.call("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{query}&max_results=5000").ok()["metrics"]
        assert len(bulk) == 5000 and {m["run_id"] for m in bulk} == set(runs)
        query = "&".join(f"run_ids={r}" for r in runs) + "&metric_key=loss&max_results=100"
        sampled = place.ada.call("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{query}").ok()["metrics"]
        steps = [int(m["step"]) for m in sampled if m["run_id"] == runs[0]]
        assert 100 <= len(steps) <= 210 and steps[0] == 0 and steps[-1] == 2999

    def test_params_do_not_change(self, client: MlflowClient, experiment: str) -> None:
        run_id = client.create_run(experiment).info.run_id
        client.log_param(run_id, "depth", 3)
        client.log_param(run_id, "depth", 3)
        assert "INVALID_PARAMETER_VALUE" in error_of(lambda: client.log_param(run_id, "depth", 4))
        invalid(lambda: client.log_batch(run_id, params=[Param("depth", "5"), Param("fresh", "1")]))
        assert client.get_run(run_id).data.params == {"depth": "3"}
        client.log_param(run_id, "long", "x" * 6000)
        assert client.get_run(run_id).data.params["long"] == "x" * 6000

    # --- search

    @pytest.fixture(scope="class")
    @classmethod
    def searched(cls, place: Place) -> str:
        """An experiment with twelve runs whose values are their numbers."""
        with acting(place.ada, cls.uri) as client:
            experiment = client.create_experiment(f"{place.folder}/searched")
            for i in range(12):
                run = client.create_run(experiment, start_time=1000 + i, run_name=f"run-{i:02}")
                client.log_batch(
                    run.info.run_id,
                    [Metric("loss", i / 10, 1, 0), *([Metric("rare key", 1, 1, 0)] if i == 4 else [])],
                    [Param("kind", "even" if i % 2 == 0 else "Odd"), Param("n", str(i))],
                    [RunTag("q", "it's" if i == 5 else "no")],
                )
                client.log_inputs(run.info.run_id, [dataset_input(f"set-{i % 3}")])
                client.set_terminated(run.info.run_id, "FAILED" if i == 7 else "FINISHED", end_time=2000 + i)
        return experiment

    @pytest.mark.parametrize(
        ("text", "want"),
        [
            ("", range(12)),
            ("metrics.loss < 0.3", [0, 1, 2]),
            ("metrics.loss >= 0.3 and metric.loss != 0.5 AND metrics.loss <= .6", [3, 4, 6]),
            ("metrics.`rare key` = 1", [4]),
            ('metrics."rare key" > 0', [4]),
            ("params.kind = 'even'", [0, 2, 4, 6, 8, 10]),
            ("params.kind LIKE 'o%'", []),
            ("params.kind ILIKE 'o%'", [1, 3, 5, 7, 9, 11]),
            ("params.n != '3' AND params.kind = 'Odd'", [1, 5, 7, 9, 11]),
            ('tags.q = "it\'s"', [5]),
            ("tags.absent IS NULL AND params.n = '1'", [1]),
            ("tags.q IS NOT NULL AND params.n = '1'", [1]),
            ("attributes.status = 'FAILED'", [7]),
            ("status != 'FINISHED'", [7]),
            ("attributes.run_name LIKE 'run-1%'", [10, 11]),
            ("run_name = 'run-03'", [3]),
            ("attributes.start_time > 1009", [10, 11]),
            ("attributes.end_time <= 2001", [0, 1]),
            ("dataset.name = 'set-1'", [1, 4, 7, 10]),
            ("datasets.name IN ('set-0', 'set-2') AND metrics.loss < 0.4", [0, 2, 3]),
        ],
    )
    def test_search_understands(self, client: MlflowClient, searched: str, text: str, want: list[int]) -> None:
        found = client.search_runs([searched], text, order_by=["attributes.start_time ASC"])
        assert [int(r.data.params["n"]) for r in found] == list(want)

    @pytest.mark.parametrize(
        ("order", "want"),
        [
            (["metrics.loss DESC"], [11, 10, 9]),
            (["params.kind ASC", "metrics.loss DESC"], [11, 9, 7]),
            (["metrics.`rare key`", "start_time ASC"], [4, 0, 1]),
            (["attributes.run_name"], [0, 1, 2]),
            (["end_time DESC"], [11, 10, 9]),
            (None, [11, 10, 9]),
        ],
    )
    def test_search_orders(self, client: MlflowClient, searched: str, order: list[str] | None, want: list[int]) -> None:
        found = client.search_runs([searched], order_by=order, max_results=3)
        assert [int(r.data.params["n"]) for r in found] == want

    def test_search_pages(self, client: MlflowClient, searched: str, place: Place) -> None:
        seen, token, pages = [], None, 0
        while pages == 0 or token:
            page = client.search_runs([searched], order_by=["metrics.loss ASC"], max_results=5, page_token=token)
            seen += [int(r.data.params["n"]) for r in page]
            token, pages = page.token, pages + 1
        assert seen == list(range(12)) and pages == 3
        first = client.search_runs([searched], max_results=5).token
        with acting(place.bob, self.uri) as bob:
            assert "INVALID_PARAMETER_VALUE" in error_of(lambda: bob.search_runs([searched], max_results=5, page_token=first))
        invalid(lambda: client.search_runs([searched], max_results=5, page_token="bm90IGEgdG9rZW4="))

    def test_the_last_page_may_be_smaller(self, client: MlflowClient, searched: str, place: Place) -> None:
        """MLflow's paging helpers ask for fewer on the last page, with the token of the pages before."""
        first = client.search_runs([searched], order_by=["metrics.loss ASC"], max_results=8)
        rest = client.search_runs([searched], order_by=["metrics.loss ASC"], max_results=3, page_token=first.token)
        assert [int(r.data.params["n"]) for r in rest] == [8, 9, 10]
        first_models = client.search_experiments(max_results=1)
        assert len(client.search_experiments(max_results=2, page_token=first_models.token)) >= 1

    @pytest.mark.parametrize(
        "text",
        [
            "metrics.loss <",
            "metrics.loss = 'x'",
            "metrics.loss > 1 OR metrics.loss < 0",
            "(metrics.loss > 1)",
            "nothing.loss > 1",
            "params.kind > 'a'",
            "metrics.loss = 1; DROP TABLE runs",
            "attributes.lifecycle_stage = 'deleted'",
            "tags.q = 'open",
        ],
    )
    def test_search_says_what_it_does_not_understand(self, client: MlflowClient, searched: str, text: str) -> None:
        invalid(lambda: client.search_runs([searched], text))

    def test_search_shows_nobody_more_than_he_may_see(self, place: Place, searched: str) -> None:
        with acting(place.bob, self.uri) as bob:
            assert list(bob.search_runs([searched])) == []
        with acting(place.rita, self.uri) as rita:
            assert len(rita.search_runs([searched])) == 12

    # --- datasets, models, tracing

    def testdataset_inputs(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/datasets")
        x, y = data()
        with mlflow.start_run() as run:
            mlflow.log_input(
                mlflow.data.from_pandas(x.assign(y=y), source="https://example.org/churn.csv", name="churn", targets="y"), "training"
            )
        (used,) = client.get_run(run.info.run_id).inputs.dataset_inputs
        assert used.dataset.name == "churn" and [(t.key, t.value) for t in used.tags] == [("mlflow.data.context", "training")]
        assert '"bill"' in used.dataset.schema and "example.org" in used.dataset.source

    def test_sklearn_autolog(self, client: MlflowClient, place: Place, tmp_path: Path) -> None:
        chosen = mlflow.set_experiment(f"{place.folder}/autolog")
        x, y = data()
        mlflow.sklearn.autolog(silent=True, log_input_examples=True)
        try:
            with mlflow.start_run() as run:
                model = LogisticRegression(C=0.5).fit(x, y)
        finally:
            mlflow.sklearn.autolog(disable=True)
        got = client.get_run(run.info.run_id)
        assert got.data.params["C"] == "0.5" and got.data.metrics["training_accuracy_score"] > 0.8
        assert got.inputs.dataset_inputs and got.outputs.model_outputs
        assert "estimator.html" in [a.path for a in client.list_artifacts(run.info.run_id)]

        (logged,) = client.search_logged_models([chosen.experiment_id])
        assert logged.source_run_id == run.info.run_id and str(logged.status) == "READY"
        assert logged.model_id == got.outputs.model_outputs[0].model_id
        assert {m.key for m in logged.metrics} >= {"training_accuracy_score"}
        loaded = mlflow.sklearn.load_model(f"models:/{logged.model_id}")
        assert (loaded.predict(x) == model.predict(x)).all()
        with acting(place.rita, self.uri):
            assert (mlflow.pyfunc.load_model(f"models:/{logged.model_id}").predict(x) == model.predict(x)).all()
        with acting(place.bob, self.uri):
            refused(lambda: mlflow.pyfunc.load_model(f"models:/{logged.model_id}"), "CAN_READ")

    def test_logged_model_from_first_to_last(self, client: MlflowClient, place: Place) -> None:
        chosen = mlflow.set_experiment(f"{place.folder}/models")
        x, y = data()
        fitted = LogisticRegression().fit(x, y)
        with mlflow.start_run() as run:
            info = mlflow.sklearn.log_model(
                fitted, name="churn", params={"alpha": "1"}, tags={"tier": "gold"}, input_example=x[:2], **QUICK
            )
            mlflow.log_metric("auc", 0.9, model_id=info.model_id)
        logged = mlflow.get_logged_model(info.model_id)
        assert logged.name == "churn" and logged.params["alpha"] == "1" and logged.tags["tier"] == "gold"
        assert [(m.key, m.value, m.run_id) for m in logged.metrics] == [("auc", 0.9, run.info.run_id)]
        client.set_logged_model_tags(info.model_id, {"tier": "silver", "seen": "yes"})
        client.delete_logged_model_tag(info.model_id, "seen")
        assert mlflow.get_logged_model(info.model_id).tags.get("tier") == "silver"
        assert "seen" not in mlflow.get_logged_model(info.model_id).tags
        names = [
            m.name for m in client.search_logged_models([chosen.experiment_id], filter_string="metrics.auc > 0.5 AND tags.tier = 'silver'")
        ]
        assert names == ["churn"]
        files = [f.path for f in client.list_logged_model_artifacts(info.model_id)]
        assert "MLmodel" in files
        external = client.create_external_model if hasattr(client, "create_external_model") else None
        if external:
            made = external(name="elsewhere", experiment_id=chosen.experiment_id)
            assert str(made.status) in ("READY", "PENDING")
        client.delete_logged_model(info.model_id)
        missing(lambda: client.get_logged_model(info.model_id))

    def test_tracing_does_no_harm(self, client: MlflowClient, place: Place) -> None:
        mlflow.set_experiment(f"{place.folder}/traced")
        started = time.monotonic()
        mlflow.autolog(silent=True)
        try:

            @mlflow.trace
            def double(n: int) -> int:
                return 2 * n

            with mlflow.start_run() as run:
                assert [double(n) for n in range(3)] == [0, 2, 4]
                mlflow.log_metric("done", 1)
            mlflow.flush_trace_async_logging()
        finally:
            mlflow.autolog(disable=True, silent=True)
        assert client.get_run(run.info.run_id).data.metrics == {"done": 1.0}
        assert time.monotonic() - started < 20


def _figure():  # noqa: ANN202  (matplotlib is imported late: its start is slow)
    os.environ.setdefault("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    axes.plot([1, 2])
    return figure
