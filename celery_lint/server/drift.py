"""A file that has changed since it was looked at: which places are still what they were."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from celery_lint.finding import Span


class Drift(Struct, frozen=True):
    """What stands before START and behind the ENDs is the same in the old text and in the new one."""

    start: int
    old_end: int
    new_end: int

    def now(self, span: Span) -> Span | None:
        """Where the SPAN of the old text is in the new one; None when it was touched."""
        return _moved(span, self.start, self.old_end, self.new_end)

    def then(self, span: Span) -> Span | None:
        """Where the SPAN of the new text was in the old one; None when it was not there."""
        return _moved(span, self.start, self.new_end, self.old_end)


@lru_cache(maxsize=64)  # every finding of a file asks
def drift(old: bytes, new: bytes) -> Drift | None:
    """How OLD became NEW; None when it is the same."""
    if old == new:
        return None
    most = min(len(old), len(new))
    start = _longest(most, lambda size: old[:size] == new[:size])
    tail = _longest(most - start, lambda size: old[len(old) - size :] == new[len(new) - size :])
    return Drift(start, len(old) - tail, len(new) - tail)


def _moved(span: Span, start: int, end: int, other_end: int) -> Span | None:
    if span.end <= start:
        return span
    if span.start >= end:
        shift = other_end - end
        return Span(span.start + shift, span.end + shift)
    return None


def _longest(most: int, is_same: Callable[[int], bool]) -> int:
    """The largest size up to MOST for which IS_SAME; it is so for all smaller ones."""
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        if is_same(middle):
            low = middle
        else:
            most = middle - 1
    return low
