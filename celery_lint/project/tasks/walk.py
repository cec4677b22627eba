"""Which files lead to which others, followed only as far as somebody asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator


class Walk:
    """The files that START leads to, near to far; FOLLOWING gives those that one file leads to itself.

    REASONS fills while the walk goes on: why there may be others.
    """

    def __init__(self, start: Iterable[str], following: Callable[[str], Iterator[str]], reasons: list[str]) -> None:
        self.reasons = reasons
        self._following = following
        self._seen: set[str] = set()
        self._queue = deque(dict.fromkeys(start))

    def may_reach(self, path: str) -> bool:
        """Whether PATH is one of them, or may be."""
        while not self.reasons and path not in self._seen and self._queue:
            self._go_on()
        return bool(self.reasons) or path in self._seen

    def reaches(self, path: str) -> bool:
        """Whether PATH is one of them."""
        while path not in self._seen and self._queue:
            self._go_on()
        return path in self._seen

    def all(self) -> frozenset[str]:
        """All that are seen."""
        while self._queue:
            self._go_on()
        return frozenset(self._seen)

    def _go_on(self) -> None:
        path = self._queue.popleft()
        if path not in self._seen:
            self._seen.add(path)
            self._queue.extend([each for each in self._following(path) if each not in self._seen])
