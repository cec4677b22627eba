"""Where things stand in the bytes of a file: offsets of CPython's positions, and the parentheses it does not count."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from celery_lint.facts.python.nesting import line_starts
from celery_lint.finding import Span

# What may stand between two tokens inside brackets.
_GAP = re.compile(rb"(?:[ \t\f\r\n]++|\\\r?\n|\\\r|#[^\r\n]*+)*+")
_OPENING, _CLOSING, _COMMA, _COMMA_AND_BLANK = b"(", b")", b",", b", "


class Places:
    """The bytes DATA of a file, and where the nodes of CPython's tree stand in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines = line_starts(data)
        self.after_gap = _after_gap(data)

    def start(self, node: Any) -> int:
        """Where the `ast` node NODE begins, as CPython counts."""
        begin: int = self.lines[node.lineno] + node.col_offset
        return begin

    def end(self, node: Any) -> int:
        """Where the `ast` node NODE ends, as CPython counts."""
        end: int = self.lines[node.end_lineno] + node.end_col_offset
        return end

    def around(self, node: Any, boundary: int, others: int = 0) -> Span:
        """NODE with the parentheses around it. BOUNDARY is where what stands before it ends, without its parentheses;
        OTHERS of the parentheses opened since then belong to something else."""
        start, end = self.start(node), self.end(node)
        # Most arguments stand behind the parenthesis of the call, or behind a comma.
        if boundary + others >= start or self.data.endswith(_COMMA_AND_BLANK, 0, start):
            return Span(start, end)
        if not self._at(_CLOSING, self.after_gap(end)):
            return Span(start, end)
        opened = self.opened(boundary, start)[others:]
        closed = self.closed(end, len(opened))
        return Span(opened[-len(closed)], closed[-1]) if closed else Span(start, end)

    def opened(self, boundary: int, start: int) -> list[int]:
        """The parentheses that are opened directly before START, behind any other token after BOUNDARY."""
        found: list[int] = []
        at = self.after_gap(boundary)
        while at < start:
            if self._at(_OPENING, at):
                found.append(at)
            else:
                found.clear()
            at = self.after_gap(at + 1)
        return found

    def closed(self, end: int, most: int) -> list[int]:
        """Where the parentheses end that are closed directly after END; no more than MOST."""
        found: list[int] = []
        while len(found) < most and self._at(_CLOSING, at := self.after_gap(end)):
            end = at + 1
            found.append(end)
        return found

    def after_comma(self, end: int) -> int | None:
        """The end of a comma that comes next after END; None when something else does."""
        at = self.after_gap(end)
        return at + 1 if self._at(_COMMA, at) else None

    def _at(self, token: bytes, at: int) -> bool:
        return self.data.startswith(token, at)


def _after_gap(data: bytes) -> Callable[[int], int]:
    """Where the token begins that comes at an offset in DATA, or after it."""
    match = _GAP.match

    def after(at: int) -> int:
        found = match(data, at)
        return at if found is None else found.end()

    return after
