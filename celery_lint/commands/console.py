"""Writing to stdout and stderr, also when nobody reads any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from celery_lint.report.text import escape


def write(lines: Iterable[str]) -> None:
    """Write LINES to stdout, now."""
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_writing()


def write_bytes(data: bytes) -> None:
    """Write DATA to stdout as it is, now."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_writing()


def note(line: str) -> None:
    """Write LINE to stderr."""
    print(line, file=sys.stderr)  # noqa: T201 -- this is the place that prints


def warn(message: str) -> None:
    """Tell on stderr that something is not as it should be."""
    note(f"warning: {escape(message)}")


def _stop_writing() -> None:
    """The reader (`| head`) has gone: that is no failure, and the status still says what was found. The interpreter
    flushes stdout once more when it exits, so it must lead somewhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
