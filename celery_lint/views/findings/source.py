"""Lines of source as HTML: what a finding is about, and what its fix changes."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import dropwhile, pairwise

from celery_lint.finding import Edit, Span
from celery_lint.report.text import HASH, cells
from celery_lint.source import Position, Source

_AROUND = 2
# Of what is longer the start and the end are shown.
_MOST_LINES, _HEAD, _TAIL = 14, 9, 3
_LONGEST_LINE = 400
# Edits that are closer than this are shown in one piece.
_NEAR = 2 * _AROUND + 1
_WORDS = "|".join((*keyword.kwlist, "match", "case"))
_STRING = r"""[rbfuRBFU]{0,2}(?:'''.*?(?:'''|$)|\"\"\".*?(?:\"\"\"|$)|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_PYTHON = re.compile(rf"(?P<c>#.*)|(?P<s>{_STRING})|(?P<d>^\s*@[\w.]+)|(?P<k>\b(?:{_WORDS})\b)|(?P<n>\b\d[\w.]*)")
_OTHER = re.compile(r"""(?P<c>(?:^|(?<=\s))\#.*)|(?P<s>'[^']*'|"(?:[^"\\]|\\.)*")|(?P<k>^\s*-?\s*[\w.-]+:(?=\s|$))""")


def excerpt(source: Source, span: Span) -> str:
    """The lines of SPAN and some around them, with SPAN marked; nothing for a file without text."""
    start, end = _lines_of(source, span)
    if not source.data.strip():
        return ""
    numbers = (*_above(source, start.line), *range(start.line, end.line + 1), *_below(source, end.line))
    inside = [number for number in numbers if start.line <= number <= end.line]
    left_out = frozenset(inside[_HEAD:-_TAIL]) if len(inside) > _MOST_LINES else frozenset()
    rows = []
    for number in numbers:
        if number in left_out:
            rows += [_row("", "⋯", "gap")] if number - 1 not in left_out else []
            continue
        marked = _marked(source.line_text(number), number, start, end)
        is_inside = start.line <= number <= end.line
        rows.append(_row(number, _line(source, number, marked), "hit" if is_inside else ""))
    return f'<pre class="source">{"".join(rows)}</pre>'


def difference(source: Source, edits: Iterable[Edit]) -> str:
    """What EDITS change in SOURCE: the lines before and after, and some around them."""
    pieces = [_piece(source, group) for group in _groups(source, sorted(edits, key=lambda edit: edit.span))]
    return f'<pre class="source diff">{_row("", "⋯", "gap").join(pieces)}</pre>'


def _above(source: Source, line: int) -> list[int]:
    """The lines that are shown above LINE: not the blank ones at the top."""
    numbers = range(max(1, line - _AROUND), line)
    return list(dropwhile(lambda number: not source.line_text(number).strip(), numbers))


def _below(source: Source, line: int) -> list[int]:
    """The lines that are shown below LINE: not the blank ones at the end."""
    numbers = range(line + 1, min(_last(source), line + _AROUND) + 1)
    return list(dropwhile(lambda number: not source.line_text(number).strip(), reversed(numbers)))[::-1]


def _last(source: Source) -> int:
    """The number of the last line with text; what follows the last newline is none."""
    return len(source.line_starts) - source.data.endswith((b"\n", b"\r"))


def _lines_of(source: Source, span: Span) -> tuple[Position, Position]:
    start, end = source.position(span.start), source.position(span.end)
    if end.column == 1 and end.line > start.line:
        end = Position(end.line - 1, len(source.line_text(end.line - 1)) + 1)
    return start, end


def _marked(text: str, number: int, start: Position, end: Position) -> tuple[int, int]:
    """Which characters of TEXT, the line NUMBER, lie between START and END; none for a line outside, or of blanks."""
    if not start.line <= number <= end.line:
        return 0, 0
    first = start.column - 1 if number == start.line else len(text) - len(text.lstrip())
    return first, end.column - 1 if number == end.line else len(text)


def _line(source: Source, number: int, marked: tuple[int, int] = (0, 0)) -> str:
    return code(source.line_text(number), source.path, marked)


def code(text: str, path: str, marked: tuple[int, int] = (0, 0)) -> str:
    """The line TEXT of the file PATH, its characters MARKED (from, to) as such."""
    cut = len(text) > _LONGEST_LINE
    text = text[:_LONGEST_LINE]
    pattern = _PYTHON if path.endswith((".py", ".pyi")) else _OTHER
    kinds = [(found.start(), found.end(), found.lastgroup or "") for found in pattern.finditer(text)]
    # What is not marked is in one piece: only whole would it be seen that it is a command to a build.
    ends = marked if marked[0] < marked[1] else ()
    edges = sorted({0, len(text), *ends, *(place for kind in kinds for place in kind[:2])})
    shown = []
    for first, last in pairwise(edges):
        if first >= len(text):
            break
        kind = next((name for begin, stop, name in kinds if begin <= first < stop), "")
        piece = inert("".join(cells(text[first:last])))
        piece = f'<span class="{kind}">{piece}</span>' if kind else piece
        shown.append(f"<mark>{piece}</mark>" if marked[0] <= first < marked[1] else piece)
    return "".join(shown) + ("…" if cut else "")


def inert(text: str) -> str:
    """TEXT, of which nothing is markup, nor a command to who prints the page into the log of a build."""
    return HASH.sub("&#35;#", escape(text))


def _groups(source: Source, edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    group: list[Edit] = []
    for edit in edits:
        line = source.position(edit.span.start).line
        if group and line - source.position(group[-1].span.end).line > _NEAR:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _piece(source: Source, edits: Sequence[Edit]) -> str:
    """The lines that EDITS, which are near each other, change."""
    starts = (*source.line_starts, len(source.data))
    first = source.position(edits[0].span.start).line
    last = source.position(edits[-1].span.end).line
    begin, stop = starts[first - 1], starts[last] if last < len(starts) else len(source.data)
    after, position = "", begin
    for edit in edits:
        after += source.decode(source.data[position : edit.span.start]) + edit.text
        position = edit.span.end
    after += source.decode(source.data[position:stop])
    old, new = _split(source.decode(source.data[begin:stop])), _split(after)
    rows = [_row(number, _line(source, number), "") for number in _above(source, first)]
    rows += _changed(source.path, old, new, first)
    rows += [_row(number, _line(source, number), "") for number in _below(source, last)]
    return "".join(rows)


def _changed(path: str, old: Sequence[str], new: Sequence[str], first: int) -> Iterator[str]:
    for kind, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if kind == "equal":
            yield from (_row(first + each, code(old[each], path), "") for each in range(old_from, old_to))
            continue
        yield from (_row(first + each, code(old[each], path), "del") for each in range(old_from, old_to))
        yield from (_row("", code(line, path), "add") for line in new[new_from:new_to])


def _split(text: str) -> list[str]:
    """TEXT in lines; the end of the last one begins no other."""
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    return lines[:-1] if lines[-1] == "" else lines


def _row(number: int | str, content: str, kind: str) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<span{attribute}><i data-n="{number}"></i>{content}\n</span>'
