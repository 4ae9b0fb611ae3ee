"""MLflow's Python client with an http tracking URI and a token."""

from __future__ import annotations

import mlflow
from bailiwick_clients.acting import HTTP, acting
from bailiwick_clients.life import Place, TrackingLife
from mlflow.tracking import MlflowClient


class TestHTTP(TrackingLife):
    uri = HTTP

    def test_ranges(self, client: MlflowClient, place: Place, experiment: str) -> None:
        """Parts of a file, as players and resuming downloads ask for them."""
        run = client.create_run(experiment)
        client.log_text(run.info.run_id, "0123456789", "digits.txt")
        path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run.info.run_id}/artifacts/digits.txt"
        for asked, status, body in [("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=8-", 206, b"89"), ("", 200, b"0123456789")]:
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

    def test_server_tells_what_it_speaks(self, place: Place) -> None:
        assert place.ada.call("GET", "/version").body.decode().strip('"\n') == mlflow.__version__
        assert place.ada.call("GET", "/health").body == b"OK"
        with acting(place.ada):
            assert mlflow.get_tracking_uri() == place.team.server.url
