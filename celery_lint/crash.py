"""The one place where any exception is caught: a bug in one part must not take the rest down."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")


class Crash(NamedTuple):
    """An exception that nobody expected: what it says in one line, and its traceback for those who ask."""

    summary: str
    trace: str


def attempt(work: Callable[[], Result]) -> Result | Crash:
    """The result of WORK, or how it crashed."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 -- see the module's docstring
        return _crash(error)


def _crash(error: Exception) -> Crash:
    import traceback  # most runs never need it

    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Crash(text.removesuffix(":") + where, "".join(traceback.format_exception(error)))
