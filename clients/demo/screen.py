"""How the demonstration looks: headings, steps, what the server said. Colour only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence

_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_STARTED = time.monotonic()


def paint(text: str, *styles: str) -> str:
    codes = ";".join(_COLOURS[s] for s in styles)
    return f"\033[{codes}m{text}\033[0m" if _COLOURED and text else text


def width() -> int:
    return max(72, min(shutil.get_terminal_size((108, 40)).columns, 140))


def chapter(number: int, title: str) -> None:
    print(f"\n{paint(f' {number} ', 'bold', 'cyan')}{paint(title, 'bold')}", flush=True)


def _block(mark: str, text: str, *styles: str) -> None:
    lines = [w for line in text.splitlines() or [""] for w in textwrap.wrap(line, width() - 8, break_on_hyphens=False) or [""]]
    for i, line in enumerate(lines):
        print(f"    {paint(mark if i == 0 else ' ' * len(mark), *styles)} {line}", flush=True)


def step(text: str) -> None:
    """What somebody does."""
    _block("›", text, "cyan")


def said(text: str) -> None:
    """What the server answered, where that is good news."""
    _block("✓", text, "green")


def refusal(text: str) -> None:
    """What the server answered somebody whom it refused."""
    _block("✗", text, "red")


def note(text: str) -> None:
    _block(" ", paint(text, "dim"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table that fits the screen: the last column goes on in further lines."""
    sizes = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head) - 1)]
    room = max(24, width() - 6 - sum(n + 2 for n in sizes))
    for i, row in enumerate([head, *rows]):
        first, *more = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        line = "".join(c.ljust(n + 2) for c, n in zip(row, sizes, strict=False)) + first
        print("      " + (paint(line, "bold") if i == 0 else line.rstrip()), flush=True)
        for rest in more:
            print(" " * (6 + sum(n + 2 for n in sizes)) + rest, flush=True)


def seconds() -> float:
    """Since the demonstration began."""
    return time.monotonic() - _STARTED
