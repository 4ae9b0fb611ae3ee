"""A schema of its own for each server, when the suites run on PostgreSQL."""

from __future__ import annotations

import os
import secrets
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]


@cache
def _psql() -> str:
    folder = subprocess.run([str(ROOT / "scripts/ensure-postgres")], check=True, capture_output=True, text=True).stdout.strip()
    return str(Path(folder) / "psql")


def new_schema() -> str:
    """Makes an empty schema in the cluster of BAILIWICK_TEST_POSTGRES and gives its address; '' means SQLite. Nobody removes it: the
    cluster is thrown away."""
    base = os.environ.get("BAILIWICK_TEST_POSTGRES", "")
    if not base:
        return ""
    name = "c" + secrets.token_hex(8)
    subprocess.run([_psql(), "--no-psqlrc", "--quiet", "--dbname", base, "--command", f"CREATE SCHEMA {name}"], check=True)
    parts = urlsplit(base)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), ("search_path", name)])))
