"""Writing to stdout and stderr, also when nobody reads any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from celery_lint.errors import UserError
from celery_lint.report.text import escape, tame


def as_text(lines: Iterable[str]) -> str:
    """LINES as they are written."""
    return "".join(f"{tame(line)}\n" for line in lines)


def write(lines: Iterable[str]) -> None:
    """Write LINES to stdout, now."""
    with _reader_gone():
        sys.stdout.write(as_text(lines))
        sys.stdout.flush()


def write_bytes(data: bytes) -> None:
    """Write DATA to stdout as it is, now."""
    with _reader_gone():
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def note(line: str) -> None:
    """Write LINE to stderr."""
    print(tame(line), file=sys.stderr)  # noqa: T201 -- this is the place that prints


def warn(message: str) -> None:
    """Tell on stderr that something is not as it should be."""
    note(f"warning: {escape(message)}")


@contextmanager
def _reader_gone() -> Iterator[None]:
    """A reader that has gone is no failure; a full disk is one that the user can mend."""
    try:
        yield
    except BrokenPipeError:
        _stop_writing()
    except OSError as error:
        _stop_writing()
        raise UserError(f"what was found could not be written: {error.strerror or error}") from None


def _stop_writing() -> None:
    """The reader (`| head`) has gone: that is no failure, and the status still says what was found. The interpreter
    flushes stdout once more when it exits, so it must lead somewhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
