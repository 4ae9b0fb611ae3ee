"""Policies as unmodified clients meet them: a forbid takes away, a permit adds, and the refusal says which policy."""

from __future__ import annotations

import mlflow
import pytest
from databricks.sdk.errors import PermissionDenied
from mlflow.exceptions import MlflowException

from bailiwick_clients.acting import HTTP, acting
from bailiwick_clients.people import GOVERNANCE, Team
