"""Where `celery-lint` begins: what needs no command line to be understood is done at once."""

from __future__ import annotations

import io
import os
import sys

from celery_lint import __version__
from celery_lint.cache.shortcut import shortcut_for

TYPE_CHECKING = False  # `typing` takes longer to load than all that is done here
if TYPE_CHECKING:
    from typing import NoReturn

    from celery_lint.cache.shortcut import Shortcut


def entry() -> NoReturn:
    """Run the command line in a process of its own, and end it."""
    try:
        has_changed = _say_again(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        os._exit(130)
    from celery_lint.cli import entry

    entry(has_changed=has_changed)


def _say_again(words: list[str]) -> bool:
    """End the process, if what WORDS would say is known. Otherwise, whether that is so because something has changed
    that counts."""
    if not isinstance(sys.stdout, io.TextIOWrapper) or sys.stderr is None:
        return False
    if words == ["--version"]:
        _say(0, f"celery-lint {__version__}\n", "")
    last = shortcut_for(words)
    if last is None or not last.means_the_same():
        return False
    if not (last.holds() or _holds_still(last)):
        return True
    _say(*last.said.output)
    return False


def _holds_still(last: Shortcut) -> bool:
    """Whether what has changed since LAST counts for nothing."""
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
