"""Following a run: what it does at the moment, and where its time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from types import TracebackType

_UNTIMED = nullcontext()


class Part(Enum):
    """What a run consists of, in this order."""

    LOAD = "load"
    DISCOVER = "discover"
    READ = "read"
    LINK = "link"
    JUDGE = "judge"
    FIX = "fix"
    SAVE = "save"
    REPORT = "report"


class Watch:
    """Is told what a run does. This one does not listen."""

    def at(self, part: Part, name: str = "", /) -> AbstractContextManager[None]:
        """While the result is entered, the run is at NAME (a file, a rule) in PART."""
        return _UNTIMED


UNWATCHED = Watch()


class Stopwatch(Watch):
    """Measures. What is done in the course of something else (a rule asks for a file) counts for itself alone.

    TOLD hears of everything that is begun. CLOCK counts seconds.
    """

    def __init__(
        self, told: Callable[[Part, str], None] | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._told = told
        self._clock = clock
        self._spent: dict[tuple[Part, str], float] = {}
        self._open: list[tuple[Part, str]] = []
        self._start = self._since = clock()

    def at(self, part: Part, name: str = "", /) -> AbstractContextManager[None]:
        """As above."""
        return _Span(self, (part, name))

    def begin(self, what: tuple[Part, str]) -> None:
        """From now on time is spent on WHAT."""
        self._charge()
        self._open.append(what)
        if self._told is not None:
            self._told(*what)

    def end(self) -> None:
        """What was begun last is done."""
        self._charge()
        self._open.pop()

    def _charge(self) -> None:
        now = self._clock()
        if self._open:
            self._spent[self._open[-1]] = self._spent.get(self._open[-1], 0.0) + now - self._since
        self._since = now

    def total(self) -> float:
        """The seconds since this watch was made."""
        return self._clock() - self._start

    def of(self, part: Part) -> float:
        """The seconds spent in PART."""
        return sum(self.by_name(part).values())

    def by_name(self, part: Part) -> Mapping[str, float]:
        """The seconds spent in PART on each name; an empty one for the rest."""
        return {name: spent for (each, name), spent in self._spent.items() if each is part}


class _Span:
    """A stretch of time on WHAT, while it is entered."""

    __slots__ = ("_watch", "_what")

    def __init__(self, watch: Stopwatch, what: tuple[Part, str]) -> None:
        self._watch = watch
        self._what = what

    def __enter__(self) -> None:
        self._watch.begin(self._what)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._watch.end()
