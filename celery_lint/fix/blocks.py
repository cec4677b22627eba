"""Takes statements out of a block and leaves the blank lines and comments as a person would.

A block is seen as pieces in order, each kept or gone; between them are only blank lines and comments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

import libcst as cst
from msgspec import Struct

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.pragmas import is_pragma


class Piece(Struct, frozen=True):
    """A run of whole lines. LEADS says that what goes prepares what follows; else it cleans up behind."""

    first: int
    last: int
    kept: bool
    leads: bool = True


class Orphan(Struct, frozen=True):
    """A comment whose statement goes: its text, where it stood, and whether it led to something."""

    text: str
    line: int
    leads: bool


def whole_last_line(code: Code, statement: cst.CSTNode) -> int:
    """The last line of a statement with the comments that end its body."""
    last = code.last_line(statement)
    if not isinstance(statement, cst.BaseCompoundStatement | cst.Finally | cst.Else | cst.ExceptHandler):
        return last
    indent = code.indent(code.first_line(statement))
    for line in range(last + 1, len(code.lines)):
        if code.is_comment(line) and len(code.indent(line)) > len(indent):
            last = line
        elif not code.is_blank(line):
            break
    return last


def take_out(draft: Draft, pieces: Sequence[Piece], focus: Callable[[Piece], bool]) -> list[Orphan]:
    """Delete the pieces that are not kept; returns the comments that lost their statement.

    A comment above a piece that leads to something stays where it is, unless it had a paragraph to itself.
    FOCUS says which kept piece is what the gone ones led to: the comment then stands directly above it.
    """
    orphans: list[Orphan] = []
    groups = [(kept, list(group)) for kept, group in groupby(pieces, key=lambda piece: piece.kept)]
    for index, (kept, group) in enumerate(groups):
        if not kept:
            before = groups[index - 1][1][-1] if index else None
            after = groups[index + 1][1][0] if index + 1 < len(groups) else None
            behind = range(group[-1].last + 1, after.first) if after is not None else ()
            ahead = _gap_above(draft.code, group[0].first, before)
            is_focus = after is not None and focus(after)
            orphans += _take_out_group(draft, group, _Gap(before, ahead, behind, after, is_focus))
    return orphans


class _Gap(Struct, frozen=True):
    """What is around a group of pieces that go: the kept pieces, and the lines between them and the group."""

    before: Piece | None
    ahead: Sequence[int]
    behind: Sequence[int]
    after: Piece | None
    is_focus: bool  # whether AFTER is what the group led to


def _take_out_group(draft: Draft, gone: Sequence[Piece], gap: _Gap) -> list[Orphan]:
    code = draft.code
    orphans = [orphan for piece in gone for orphan in _delete(draft, range(piece.first, piece.last + 1), piece.leads)]
    parted = _delete_between(draft, gone, gap, orphans)
    alone = bool(_leading_blanks(code, gap.behind)) and gap.after is not None and not gap.is_focus
    lead = gone[0].leads and gap.after is not None and not alone
    indent = code.indent(gone[0].first)
    stay = [line for line in gap.ahead if code.is_comment(line) and (lead or len(code.indent(line)) > len(indent))]
    for line in gap.ahead:
        if code.is_comment(line) and line not in stay:
            orphans += _delete(draft, [line], gone[0].leads)
    if stay:
        _close_behind_comments(draft, gap, stay)
    else:
        _close(draft, gap, parted)
    return orphans


def _delete_between(draft: Draft, gone: Sequence[Piece], gap: _Gap, orphans: list[Orphan]) -> bool:
    """Delete what stands between the pieces, but for one blank line where something new began; whether it did."""
    parted = False
    for one, two in pairwise(gone):
        lines = list(range(one.last + 1, two.first))
        blanks = [line for line in lines if draft.code.is_blank(line)]
        if blanks and two.leads and not one.leads and gap.before is not None and not parted:
            lines, parted = [line for line in lines if line not in blanks], True
        orphans += _delete(draft, lines, two.leads)
    return parted


def _close_behind_comments(draft: Draft, gap: _Gap, stay: Sequence[int]) -> None:
    """The comments that STAY now speak of what follows, or end the block."""
    if gap.after is None or gap.is_focus:
        _delete_all(draft, [line for line in gap.ahead if draft.code.is_blank(line) and line > stay[-1]])
    if gap.is_focus:
        _delete_all(draft, _leading_blanks(draft.code, gap.behind))


def _close(draft: Draft, gap: _Gap, parted: bool) -> None:
    """Keep the larger one of the gaps above and below; none at the head or end of a block."""
    above = [line for line in gap.ahead if draft.code.is_blank(line)]
    below = _leading_blanks(draft.code, gap.behind)
    if parted or gap.before is None or gap.after is None or len(above) < len(below):
        _delete_all(draft, above)
    if parted or gap.before is None or len(above) >= len(below):
        _delete_all(draft, below)


def _gap_above(code: Code, line: int, before: Piece | None) -> range:
    """The blank lines and comments above LINE, down from the piece BEFORE it or the head of the block."""
    first = line
    floor = before.last + 1 if before is not None else 0
    while first > floor and (code.is_blank(first - 1) or code.is_comment(first - 1)):
        first -= 1
    return range(first, line)


def _leading_blanks(code: Code, lines: Sequence[int]) -> list[int]:
    found = []
    for line in lines:
        if not code.is_blank(line):
            break
        found.append(line)
    return found


def _delete_all(draft: Draft, lines: Sequence[int]) -> None:
    for line in lines:
        draft.delete_lines(line, line)


def _delete(draft: Draft, lines: Iterable[int], leads: bool) -> Iterator[Orphan]:
    for line in lines:
        if draft.is_deleted(line):
            continue
        draft.delete_lines(line, line)
        comment = draft.code.comments.get(line)
        if comment is not None:
            text = draft.code.text[comment.start : comment.end]
            if not is_pragma(text):
                yield Orphan(text, line, leads)
