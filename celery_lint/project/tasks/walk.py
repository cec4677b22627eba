"""Which files lead to which others, followed only as far as somebody asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator


class Walk:
    """The files that START leads to, near to far; FOLLOWING gives those that one file leads to itself.

    REASONS fills while the walk goes on: why there may be others.
    """

    def __init__(self, start: Collection[str], following: Callable[[str], Iterator[str]], reasons: list[str]) -> None:
        self.reasons = reasons
        self._following = following
        self._seen = set(start)
        self._queue = deque(dict.fromkeys(start))
        self._found = self._find()

    def may_reach(self, path: str) -> bool:
        """Whether PATH is one of them, or may be."""
        while not self.reasons and path not in self._seen and next(self._found, None) is not None:
            pass
        return bool(self.reasons) or path in self._seen

    def reaches(self, path: str) -> bool:
        """Whether PATH is one of them."""
        while path not in self._seen and next(self._found, None) is not None:
            pass
        return path in self._seen

    def all(self) -> frozenset[str]:
        """All that are seen."""
        for _ in self._found:
            pass
        return frozenset(self._seen)

    def _find(self) -> Iterator[str]:
        while self._queue:
            for path in self._following(self._queue.popleft()):
                if path not in self._seen:
                    self._seen.add(path)
                    self._queue.append(path)
                    yield path
