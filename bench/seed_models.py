"""Writes registered models directly into the tables of an MLflow server, for `go run ./bench`.

Usage: seed_models.py DATABASE-URI NAMES.txt
"""

import sys

import sqlalchemy
from mlflow.store.model_registry.dbmodels import models

CHUNK = 500
MADE = 1_700_000_000_000


def main(uri, path):
    with open(path, encoding="utf-8") as lines:
        names = [line.rstrip("\n") for line in lines]
    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        for start in range(0, len(names), CHUNK):
            rows = [{"name": name, "creation_time": MADE, "last_updated_time": MADE, "description": ""} for name in names[start : start + CHUNK]]
            connection.execute(sqlalchemy.insert(models.SqlRegisteredModel.__table__), rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
