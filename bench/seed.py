"""Writes runs with metrics and parameters directly into the tables of an MLflow server, for `go run ./bench`.

Usage: seed.py DATABASE-URI EXPERIMENT-ID RUNS.jsonl
A line of the file is {"name", "start_time", "metrics": [{"key", "value", "timestamp", "step"}], "params": [{"key", "value"}]}.
"""

import itertools
import json
import sys
import uuid

import sqlalchemy
from mlflow.store.tracking.dbmodels import models

CHUNK = 500


def rows(experiment, line):
    """Gives table -> rows of one run, as create_run and log_batch of MLflow's SQL store leave them."""
    run = json.loads(line)
    uid = uuid.uuid4().hex
    points = [{**point, "run_uuid": uid, "is_nan": False} for point in run["metrics"]]
    return {
        models.SqlRun: [
            {
                "run_uuid": uid,
                "name": run["name"],
                "experiment_id": int(experiment),
                "source_type": "UNKNOWN",
                "source_name": "",
                "entry_point_name": "",
                "source_version": "",
                "user_id": "ada",
                "status": "RUNNING",
                "start_time": run["start_time"],
                "lifecycle_stage": "active",
                "artifact_uri": f"mlflow-artifacts:/{experiment}/{uid}/artifacts",
            }
        ],
        models.SqlTag: [{"run_uuid": uid, "key": "mlflow.runName", "value": run["name"]}],
        models.SqlMetric: points,
        models.SqlLatestMetric: points,
        models.SqlParam: [{**param, "run_uuid": uid} for param in run["params"]],
    }


def main(uri, experiment, path):
    engine = sqlalchemy.create_engine(uri)
    with open(path, encoding="utf-8") as lines:
        while chunk := [rows(experiment, line) for line in itertools.islice(lines, CHUNK)]:
            with engine.begin() as connection:
                for table in chunk[0]:
                    values = [row for run in chunk for row in run[table]]
                    connection.execute(sqlalchemy.insert(table.__table__), values)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sqlalchemy.text("ANALYZE"))


if __name__ == "__main__":
    main(*sys.argv[1:])
