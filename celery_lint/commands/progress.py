"""One line on a terminal that says what takes so long."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from celery_lint.commands.options import Options
from celery_lint.report.text import escape
from celery_lint.watch import Part, Stopwatch

# Who waits less than this does not want to be told, and nobody reads faster than that.
_PATIENCE, _PAUSE = 1.0, 0.1
_ERASE = "\r\033[K"
_DOES = {
    Part.LOAD: "Loading",
    Part.DISCOVER: "Looking for files",
    Part.READ: "Reading",
    Part.LINK: "Linking",
    Part.JUDGE: "Judging",
    Part.FIX: "Fixing",
    Part.SAVE: "Saving",
    Part.REPORT: "Reporting",
}


class Progress:
    """Draws on STREAM, a terminal of WIDTH columns. CLOCK counts seconds."""

    def __init__(self, stream: IO[str], width: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._width = width
        self._clock = clock
        self._next = clock() + _PATIENCE
        self._is_drawn = False
        self._process = os.getpid()

    def show(self, part: Part, name: str) -> None:
        """The run is at NAME in PART."""
        now = self._clock()
        # A process that reads for this one inherits the terminal.
        if now < self._next or os.getpid() != self._process:
            return
        self._next = now + _PAUSE
        self._is_drawn = True
        self._write(_ERASE + _fitting(f"{_DOES[part]} {escape(name)}".rstrip(), self._width))

    def erase(self) -> None:
        """Leave the terminal as it was."""
        if self._is_drawn:
            self._is_drawn = False
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _fitting(line: str, width: int) -> str:
    """LINE, not to be wrapped: what is wrapped is not erased. Characters of other scripts may take two columns."""
    room = width - 1 if line.isascii() else (width - 1) // 2
    return line[:room]


@contextmanager
def following(options: Options, width: int) -> Iterator[Stopwatch | None]:
    """What measures a run, when OPTIONS ask for that or stderr is a terminal (of WIDTH columns) to draw on."""
    draws = not options.quiet and not options.verbose and may_draw(sys.stderr, os.environ)
    progress = Progress(sys.stderr, width) if draws else None
    try:
        yield Stopwatch(progress.show if progress else None) if progress or options.durations else None
    finally:
        if progress:
            progress.erase()


def may_draw(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """Whether STREAM is a terminal on which a line can be erased."""
    return stream.isatty() and environment.get("TERM") != "dumb"
