"""What a refusal looks like to a person: an exception that says what is missing and who can help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from databricks.sdk.errors import DatabricksError
from mlflow.exceptions import MlflowException

CLIENT_ERRORS = (MlflowException, DatabricksError, requests.HTTPError)


def told(error: BaseException) -> str:
    """All that a client's exception shows: its code, where it has one, and its text, and the same of what it was raised over."""
    text = f"{getattr(error, 'error_code', '')} {error}"
    over = error.__cause__ or error.__context__
    return f"{text} / {told(over)}" if isinstance(over, CLIENT_ERRORS) else text


def error_of(call: Callable[[], Any]) -> str:
    """Runs a call that must fail with an exception of the clients, and gives what that shows."""
    try:
        answer = call()
    except CLIENT_ERRORS as error:
        return told(error)
    raise AssertionError(f"expected an error, got {answer!r:.400}")


def refused(call: Callable[[], Any], level: str = "", *giver: str) -> str:
    """Runs a call that must be refused, with the level that would have helped and who can give it."""
    text = error_of(call)
    assert "PERMISSION_DENIED" in text or "403" in text, text
    assert "may not" in text or "only administrators" in text, text
    for part in (level and f"It takes {level}", giver and "Who can give it:", *giver):
        assert not part or part in text, f"{part!r} is not in {text!r}"
    return text


def missing(call: Callable[[], Any]) -> str:
    """Runs a call about something that does not exist, or whose existence the caller may not learn."""
    text = error_of(call)
    assert "RESOURCE_DOES_NOT_EXIST" in text or "404" in text, text
    return text


def invalid(call: Callable[[], Any], *parts: str) -> str:
    """Runs a call that must be answered as malformed, with these words in the message."""
    text = error_of(call)
    assert "INVALID_PARAMETER_VALUE" in text or "BAD_REQUEST" in text, text
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"
    return text
