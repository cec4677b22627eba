"""The lines of source that a finding is about, with marks under (or beside) what is meant."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Span
from celery_lint.report.text import cells, width
from celery_lint.source import Position, Source

_MOST_LINES = 7
_HEAD, _TAIL = 4, 2
_ELLIPSIS = "…"


def excerpt(source: Source, span: Span, room: int) -> list[tuple[str, str, str]]:
    """The lines of SPAN as rows of a line number, marks and text, at most ROOM columns wide.

    On one line the marks are a row of their own, below; several lines have theirs beside them. No rows where there is
    nothing to show.
    """
    start, end = source.position(span.start), _end(source, span)
    if start.line != end.line:
        return list(_many_lines(source, start, end, room))
    text = source.line_text(start.line)
    return _one_line(text, start, end, room) if text.strip() else []


def _end(source: Source, span: Span) -> Position:
    """Where SPAN ends: one column wide at least, and not behind a newline."""
    start, end = source.position(span.start), source.position(span.end)
    if span.end <= span.start:
        return Position(start.line, start.column + 1)
    if end.column == 1 and end.line > start.line:
        return Position(end.line - 1, len(source.line_text(end.line - 1)) + 1)
    return end


def _one_line(text: str, start: Position, end: Position, room: int) -> list[tuple[str, str, str]]:
    shown, column, length = _window(text, start.column - 1, end.column - 1, room)
    return [(str(start.line), "", shown), ("", " " * column + "^" * length, "")]


def _many_lines(source: Source, start: Position, end: Position, room: int) -> Iterator[tuple[str, str, str]]:
    lines = range(start.line, end.line + 1)
    is_long = len(lines) > _MOST_LINES
    for index, line in enumerate(lines):
        if is_long and index == _HEAD:
            yield _ELLIPSIS, "|", ""
        if is_long and _HEAD <= index < len(lines) - _TAIL:
            continue
        shown, _, _ = _window(source.line_text(line), 0, 1, room - 2)
        yield str(line), "|" if index else "/", " " + shown
    last = "".join(cells(source.line_text(end.line)[: end.column - 1]))
    yield "", "|" + "_" * min(width(last), room - 3) + "^", ""


def _window(text: str, first: int, last: int, room: int) -> tuple[str, int, int]:
    """The part of the line TEXT that fits in ROOM columns and shows the characters FIRST to LAST; with the column that
    they start at and their width."""
    shown = cells(text)
    widths = [width(cell) for cell in shown]
    left, right = 0, len(shown)
    if sum(widths) > room:
        left = _start_of_window(widths, first, room // 4)
        right = left
        while right < len(shown) and sum(widths[left : right + 1]) <= room - 2:
            right += 1
    before = _ELLIPSIS if left else ""
    after = _ELLIPSIS if right < len(shown) else ""
    column = len(before) + sum(widths[left:first])
    return before + "".join(shown[left:right]) + after, column, max(1, sum(widths[first : min(last, right)]))


def _start_of_window(widths: list[int], first: int, before: int) -> int:
    left = first
    while left > 0 and sum(widths[left - 1 : first]) <= before:
        left -= 1
    return left
