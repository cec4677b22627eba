"""Comments of Python files, as the tokenizer sees them.

At the end of a line a comment speaks about that line; at the end of the first or last line of a statement, about the
statement. On a line of its own it speaks about the statement below: decorators and the header of a `def`, not its
body; inside brackets, about the item below.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct, field

from celery_lint.comments.model import Comment, Coverage
from celery_lint.finding import Span
from celery_lint.source import Source

_SILENT = frozenset({
    tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.COMMENT,
})  # fmt: skip


class _Statement(Struct):
    """A logical line: its first and last row (from 1), and whether it is a decorator."""

    first: int
    last: int
    is_decorator: bool


class _Found(Struct, frozen=True):
    """A comment token: where, whether it stands alone on its row, how many brackets are open there."""

    row: int
    column: int
    text: str
    is_alone: bool
    depth: int


class _Layout(Struct):
    """The rows of a file: its statements, its comments, and how many brackets are open at the end of each row that
    holds code."""

    statements: list[_Statement] = field(default_factory=list)
    comments: list[_Found] = field(default_factory=list)
    depths: dict[int, int] = field(default_factory=dict)
    first_rows: list[int] = field(default_factory=list)

    def after(self, row: int) -> int:
        """The index of the first statement below ROW."""
        return bisect_right(self.first_rows, row)

    def around(self, row: int) -> _Statement | None:
        """The statement that ROW is in."""
        index = self.after(row)
        return self.statements[index - 1] if index and row <= self.statements[index - 1].last else None


def python_comments(source: Source, wanted: re.Pattern[bytes]) -> Iterator[Comment]:
    """The places in comments of SOURCE that match WANTED; none when it cannot be tokenized."""
    try:
        yield from tuple(_comments(source, wanted))
    except (tokenize.TokenError, SyntaxError, UnicodeError, LookupError):
        return


def _comments(source: Source, wanted: re.Pattern[bytes]) -> Iterator[Comment]:
    layout = _layout(source)
    starts = _row_starts(source.data)
    for comment in layout.comments:
        start = _offset(source, starts, comment)
        end = start + len(source.data[start : starts[comment.row]].rstrip(b"\r\n"))
        for match in wanted.finditer(source.data, start, end):
            yield Comment(Span(match.start(), end), _coverage(layout, comment, starts))


def _layout(source: Source) -> _Layout:
    layout = _Layout()
    open_statement: _Statement | None = None
    depth = 0
    for token in tokenize.tokenize(io.BytesIO(source.data).readline):
        row = token.start[0]
        if token.type == tokenize.COMMENT:
            is_alone = not token.line[: token.start[1]].strip()
            layout.comments.append(_Found(row, token.start[1], token.string, is_alone, depth))
        elif token.type == tokenize.OP and token.string in "([{":
            depth += 1
        elif token.type == tokenize.OP and token.string in ")]}":
            depth -= 1
        if token.type == tokenize.NEWLINE:
            open_statement = None
        elif token.type not in _SILENT:
            if open_statement is None:
                open_statement = _Statement(row, row, token.string == "@")
                layout.statements.append(open_statement)
                layout.first_rows.append(row)
            open_statement.last = token.end[0]
            layout.depths.setdefault(row, depth)
            layout.depths[token.end[0]] = depth
    return layout


def _coverage(layout: _Layout, comment: _Found, starts: list[int]) -> Coverage:
    inside = layout.around(comment.row)
    if inside is None:
        return Coverage(_rows(starts, *_statement_below(layout, comment.row)))
    if comment.is_alone:
        return Coverage(_rows(starts, *_item_below(layout, comment, inside)))
    if comment.row in (inside.first, inside.last):
        return Coverage(_rows(starts, inside.first, inside.last))
    row = _rows(starts, comment.row, comment.row)
    return Coverage(row, ends=row, within=_rows(starts, inside.first, inside.last))


def _statement_below(layout: _Layout, row: int) -> tuple[int, int]:
    """The rows of the statement below ROW; a decorated one is all its decorators and the header."""
    statements = layout.statements
    index = layout.after(row)
    if index == len(statements):
        return row, row
    first = last = index
    while first > 0 and statements[first - 1].is_decorator:
        first -= 1
    while statements[last].is_decorator and last + 1 < len(statements):
        last += 1
    return statements[first].first, statements[last].last


def _item_below(layout: _Layout, comment: _Found, inside: _Statement) -> tuple[int, int]:
    """The rows of what follows COMMENT inside brackets, up to where no more brackets are open than at COMMENT."""
    last = first = next(row for row in range(comment.row + 1, inside.last + 1) if row in layout.depths)
    while last < inside.last and layout.depths.get(last, comment.depth + 1) > comment.depth:
        last += 1
    return first, last


def _rows(starts: list[int], first: int, last: int) -> Span:
    return Span(starts[first - 1], starts[min(last, len(starts) - 1)])


def _row_starts(data: bytes) -> list[int]:
    """Where the rows start as the tokenizer counts them, and where the last one ends."""
    starts = [0]
    for line in io.BytesIO(data):
        starts.append(starts[-1] + len(line))
    return starts


def _offset(source: Source, starts: list[int], comment: _Found) -> int:
    """The byte at which COMMENT starts: the tokenizer counts characters."""
    encoding = source.encoding.removesuffix("-sig")
    start = starts[comment.row - 1] + (3 if comment.row == 1 and source.has_bom else 0)
    text = source.data[start : starts[comment.row]].decode(encoding, "replace")
    return start + len(text[: comment.column].encode(encoding, "replace"))


def first_rows(source: Source, row: int) -> Iterator[int]:
    """The rows (from 1) that a comment may stand above to speak about what is on ROW: those of its statement, with its
    decorators, then ROW itself, in brackets; none for what cannot be tokenized."""
    try:
        layout = _layout(source)
    except (tokenize.TokenError, SyntaxError, UnicodeError, LookupError):
        return
    statement = layout.around(row)
    if statement is None:
        return
    first, _ = _statement_below(layout, statement.first - 1)
    yield first
    if statement.first != first:
        yield statement.first
    if row > statement.first:
        yield row
