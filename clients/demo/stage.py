"""What the scenes of the play share: its people and things, and how refusals are shown."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import screen
from bailiwick_clients.people import Person, Team
from bailiwick_clients.refusals import error_of, refused
from bailiwick_clients.server import Server


@dataclass
class Stage:
    """The play's things and people."""

    server: Server
    team: Team
    ada: Person
    bob: Person
    robot: Person
    analysts: str
    folder: str = ""
    folder_id: str = ""
    experiment: str = ""
    run: str = ""
    model: str = ""


def quietly(play: Callable[[], Any]) -> Any:
    """Runs a client without the lines it prints for people at a notebook."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return play()


def tell(call: Callable[[], Any], level: str, giver: str) -> str:
    """Runs a call for which the caller lacks a level, and prints what the client was told."""
    text = quietly(lambda: refused(call, level, giver))
    screen.refusal(f"403 PERMISSION_DENIED: {said_in(text)}")
    return text


def stopped(call: Callable[[], Any], code: str, *parts: str) -> str:
    """Runs a call that a rule refuses, whatever the caller's level, and prints what the client was told."""
    text = quietly(lambda: error_of(call))
    for part in (code, *parts):
        assert part in text, f"{part!r} is not in {text!r}"
    screen.refusal(f"{code}: {said_in(text)}")
    return text


def said_in(text: str) -> str:
    """The server's sentences in what a client's exception shows: without the code, the answer's JSON, the URL and the SDK's own settings."""
    quoted = re.search(r'"message":("(?:[^"\\]|\\.)*")', text)
    if quoted:
        return str(json.loads(quoted.group(1)))
    return re.sub(r"^(?:[A-Z_]+:? )+", "", text.split(" Config: ")[0].split(" / ")[0])
