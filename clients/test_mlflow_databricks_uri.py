"""MLflow's Python client with the tracking URI `databricks`: the same life, over Databricks' own doors for artifacts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlflow.tracking import MlflowClient

from bailiwick_clients.acting import DATABRICKS, acting
from bailiwick_clients.being_refused import BeingRefused
from bailiwick_clients.life import TrackingLife
from bailiwick_clients.place import Place
from bailiwick_clients.refusals import refused

MIB = 1 << 20


class TestDatabricksURI(TrackingLife, BeingRefused):
    uri = DATABRICKS

    def test_artifact_addresses_are_dbfs(self, client: MlflowClient, experiment: str) -> None:
        run = client.create_run(experiment)
        assert run.info.artifact_uri == f"dbfs:/databricks/mlflow-tracking/{experiment}/{run.info.run_id}/artifacts"

    def test_a_file_too_large_for_one_call(self, client: MlflowClient, place: Place, experiment: str, tmp_path: Path) -> None:
        """Above 50 MiB the client sends a file in parts."""
        large = tmp_path / "large.bin"
        with large.open("wb") as out:
            for block in range(72):
                out.write(hashlib.sha256(str(block).encode()).digest() * (MIB // 32))
        run_id = client.create_run(experiment).info.run_id
        client.log_artifact(run_id, str(large))
        (listed,) = client.list_artifacts(run_id)
        assert (listed.path, listed.file_size) == ("large.bin", 72 * MIB)
        (tmp_path / "back").mkdir()
        back = Path(client.download_artifacts(run_id, "large.bin", str(tmp_path / "back")))
        with large.open("rb") as sent, back.open("rb") as got:
            assert hashlib.file_digest(sent, "sha256").digest() == hashlib.file_digest(got, "sha256").digest()
        with acting(place.rita, DATABRICKS) as rita:
            refused(lambda: rita.log_artifact(run_id, str(large), "theirs"))
        assert [a.path for a in client.list_artifacts(run_id)] == ["large.bin"]
