"""The command line, run in this process: what the fixture `lint` gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Done(NamedTuple):
    """How a run ended."""

    status: int
    stdout: str
    stderr: str


Lint = Callable[..., Done]
