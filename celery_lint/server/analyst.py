"""The thread that does the work: one project at a time, the latest state of it, as soon as the typing pauses."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from celery_lint.crash import Crash, attempt
from celery_lint.watch import UNWATCHED, Part, Watch

Result = TypeVar("Result")

# A project that is typed in for so many runs without a pause has one to its end all the same.
_MOST_STOPS = 3
# That of the main thread on Linux: what parses deep code in C takes it for granted.
_STACK = 16 << 20


class Stopped(BaseException):
    """The run is of no use any more. No `Exception`: nobody on the way may take it for a crash."""


class StoppingWatch(Watch):
    """Stops a run when IS_STALE says so, between two of its steps."""

    def __init__(self, is_stale: Callable[[], bool]) -> None:
        self._is_stale = is_stale

    def at(self, part: Part, name: str = "", /) -> AbstractContextManager[None]:
        """Raises Stopped."""
        if self._is_stale():
            raise Stopped
        return UNWATCHED.at(part, name)


class Analyst:
    """Does ANALYSE for roots that are asked for; it is given the root and a watch. What else has to be done where
    projects are looked at is called here too: nothing but this thread ever touches them."""

    def __init__(self, analyse: Callable[[Path, Watch], None]) -> None:
        self._analyse = analyse
        self._state = threading.Condition()
        self._due: dict[Path, float] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._stops: dict[Path, int] = {}
        self._ended = False

    def start(self) -> None:
        """Begin to work."""
        before = threading.stack_size(_STACK)
        try:
            threading.Thread(target=self._work, name="celery-lint", daemon=True).start()
        finally:
            threading.stack_size(before)

    def end(self) -> None:
        """Stop working; what runs is given up."""
        with self._state:
            self._ended = True
            self._due.clear()
            self._calls.clear()
            self._state.notify_all()

    def ask(self, root: Path, delay: float) -> None:
        """Look at the project at ROOT in DELAY seconds; whatever was asked before is forgotten."""
        with self._state:
            self._due[root] = time.monotonic() + delay
            self._state.notify_all()

    def forget(self, root: Path) -> None:
        """Do not look at the project at ROOT."""
        with self._state:
            self._due.pop(root, None)

    def call(self, work: Callable[[], Result]) -> Future[Result]:
        """What WORK gives when it is done between two runs; cancel it when it is not wanted any more."""
        future: Future[Result] = Future()

        def do() -> None:
            if not future.set_running_or_notify_cancel():
                return
            found = attempt(work)
            if isinstance(found, Crash):
                future.set_exception(RuntimeError(found.trace))
            else:
                future.set_result(found)

        with self._state:
            self._calls.append(do)
            self._state.notify_all()
        return future

    def _work(self) -> None:
        while (work := self._next()) is not None:
            work()

    def _next(self) -> Callable[[], None] | None:
        """What to do now, once there is something; None at the end."""
        with self._state:
            while not self._ended:
                if self._calls:
                    return self._calls.popleft()
                root = min(self._due, key=self._due.__getitem__, default=None)
                wait = self._due[root] - time.monotonic() if root is not None else None
                if root is not None and wait is not None and wait <= 0:
                    del self._due[root]
                    return lambda: self._run(root)
                self._state.wait(wait)
        return None

    def _run(self, root: Path) -> None:
        may_stop = self._stops.get(root, 0) < _MOST_STOPS
        watch = StoppingWatch(lambda: self._ended or (may_stop and root in self._due))
        try:
            attempt(lambda: self._analyse(root, watch))  # whatever happens, the thread lives on
            self._stops.pop(root, None)
        except Stopped:
            self._stops[root] = self._stops.get(root, 0) + 1
