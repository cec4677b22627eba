"""Where `celery-lint` begins: what needs no command line to be understood is done at once."""

from __future__ import annotations

import io
import os
import sys

from celery_lint import __version__
from celery_lint.cache.shortcut import saying

TYPE_CHECKING = False  # `typing` takes longer to load than all that is done here
if TYPE_CHECKING:
    from typing import NoReturn

    from celery_lint.cache.shortcut import Saying


def entry() -> NoReturn:
    """Run the command line in a process of its own, and end it."""
    try:
        _say_again(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        os._exit(130)
    from celery_lint.cli import entry

    entry()


def _say_again(words: list[str]) -> None:
    """End the process, if what WORDS would say is known."""
    if not isinstance(sys.stdout, io.TextIOWrapper) or sys.stderr is None:
        return
    last = saying(words) if words != ["--version"] else None
    if last is not None and (last.holds or _holds_still(last)):
        _say(*last.output)
    elif words == ["--version"]:
        _say(0, f"celery-lint {__version__}\n", "")


def _holds_still(last: Saying) -> bool:
    """Whether what has changed since LAST counts for nothing."""
    if not last.is_framed:
        return False
    from celery_lint.again import holds_still

    return holds_still(last)


def _say(status: int, stdout: str | bytes, stderr: str) -> None:
    """End the process with STATUS, after STDOUT and STDERR."""
    assert isinstance(sys.stdout, io.TextIOWrapper)
    assert sys.stderr is not None
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if isinstance(stdout, bytes):
            sys.stdout.buffer.write(stdout)
        else:
            sys.stdout.write(stdout)
        sys.stdout.flush()
    except OSError:
        return  # the command line knows what to say to that
    try:
        sys.stderr.write(stderr)
        sys.stderr.flush()
    finally:
        os._exit(status)
