"""Which lines of a text are new against an older one, in bounded time whatever the texts are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from celery_lint.changes.model import LineSet

_NEWLINE = re.compile(rb"\r\n|\n|\r")
# The most lines that are added and removed in a part without a line of its own; beyond that all of the part is new.
_MOST_EDITS = 400

Block = tuple[int, int, int, int]
"""A part of both texts that differs: the old lines from, up to; the new lines from, up to (from 0)."""


def lines_of(data: bytes) -> list[bytes]:
    """The lines of DATA without their newlines, which may change without a line being another."""
    lines = _NEWLINE.split(data.removeprefix(b"\xef\xbb\xbf"))
    return lines[:-1] if not lines[-1] else lines


def all_lines(data: bytes) -> LineSet:
    """Every line of DATA."""
    return LineSet(((1, len(lines_of(data)) + 1),))


def changed_lines(old: bytes, new: bytes) -> LineSet:
    """The lines of NEW that are not in OLD, and where lines of OLD are missing."""
    ranges: list[tuple[int, int]] = []
    gaps: list[int] = []
    for _, _, first, end in blocks(lines_of(old), lines_of(new)):
        if first == end:
            gaps.append(first)
        elif ranges and ranges[-1][1] == first:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((first + 1, end))
    return LineSet(tuple(ranges), tuple(gaps))


def blocks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Block]:
    """Where OLD and NEW differ, in order: between lines that both have once, in the same order; there line by line."""
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        block = _trimmed(old, new, *waiting.pop())
        a, a_end, b, b_end = block
        if a == a_end and b == b_end:
            continue
        if a == a_end or b == b_end:
            yield block
            continue
        anchors = _anchors(old, new, *block)
        if not anchors:
            yield from _edited(old, new, *block)
            continue
        starts = [(a, b), *((i + 1, j + 1) for i, j in anchors)]
        ends = [*anchors, (a_end, b_end)]
        parts = [(*one, *other) for one, other in zip(starts, ends, strict=True)]
        waiting.extend((i, i_end, j, j_end) for i, j, i_end, j_end in reversed(parts))


def _trimmed(old: Sequence[bytes], new: Sequence[bytes], a: int, a_end: int, b: int, b_end: int) -> Block:
    while a < a_end and b < b_end and old[a] == new[b]:
        a, b = a + 1, b + 1
    while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    return a, a_end, b, b_end


def _anchors(
    old: Sequence[bytes], new: Sequence[bytes], a: int, a_end: int, b: int, b_end: int
) -> list[tuple[int, int]]:
    """Pairs of lines that each text has once: as many as can be in the same order in both."""
    counts, others = Counter(old[a:a_end]), Counter(new[b:b_end])
    places = {old[i]: i for i in range(a, a_end) if counts[old[i]] == 1}
    pairs = [(places[new[j]], j) for j in range(b, b_end) if others[new[j]] == 1 and new[j] in places]
    # The longest rising sequence: ENDS are the least last lines of one of each length.
    ends: list[int] = []
    index_at: list[int] = []
    before: list[int] = []
    for index, (i, _) in enumerate(pairs):
        length = bisect_left(ends, i)
        before.append(index_at[length - 1] if length else -1)
        ends[length : length + 1] = [i]
        index_at[length : length + 1] = [index]
    chosen: list[tuple[int, int]] = []
    at = index_at[-1] if index_at else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _edited(old: Sequence[bytes], new: Sequence[bytes], a: int, a_end: int, b: int, b_end: int) -> Iterator[Block]:
    """The least differences of a part (Myers), or all of it when there are too many."""
    n, m = a_end - a, b_end - b
    reach = {1: 0}
    steps: list[dict[int, int]] = []
    for edits in range(min(n + m, _MOST_EDITS) + 1):
        steps.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach.get(k - 1, -1) < reach.get(k + 1, -1))
            x = reach.get(k + 1, 0) if down else reach[k - 1] + 1
            y = x - k
            while x < n and y < m and old[a + x] == new[b + y]:
                x, y = x + 1, y + 1
            reach[k] = x
            if x >= n and y >= m:
                yield from _walked(steps, n, m, a, b)
                return
    yield a, a_end, b, b_end


def _walked(steps: Sequence[dict[int, int]], x: int, y: int, a: int, b: int) -> Iterator[Block]:
    """The way back through STEPS from the end of both parts, as blocks in order."""
    found: list[Block] = []
    for edits in range(len(steps) - 1, 0, -1):
        reach, k = steps[edits], x - y
        down = k == -edits or (k != edits and reach.get(k - 1, -1) < reach.get(k + 1, -1))
        from_k = k + 1 if down else k - 1
        from_x = reach[from_k]
        from_y = from_x - from_k
        # The one step that is no line in common: a new line (down), or one that is gone.
        end_x, end_y = (from_x, from_y + 1) if down else (from_x + 1, from_y)
        found.append((a + from_x, a + end_x, b + from_y, b + end_y))
        x, y = from_x, from_y
    joined: list[Block] = []
    for block in reversed(found):
        if joined and joined[-1][1] == block[0] and joined[-1][3] == block[2]:
            joined[-1] = (joined[-1][0], block[1], joined[-1][2], block[3])
        else:
            joined.append(block)
    yield from joined


def carried(lines: LineSet, old: bytes, new: bytes) -> LineSet:
    """Where LINES of the text OLD are in the text NEW, which was made from it: a line in the place of one of them is
    one of them."""
    ranges: list[tuple[int, int]] = []
    gaps: list[int] = []
    before, after = lines_of(old), lines_of(new)
    shift, at = 0, 0
    for a, a_end, b, b_end in [*blocks(before, after), (len(before) + 1, len(before) + 1, 0, 0)]:
        ranges += [
            (max(first, at + 1) + shift, min(last, a) + shift)
            for first, last in lines.ranges
            if at < a >= first and last > at
        ]
        gaps += [gap + shift for gap in lines.gaps if at <= gap < a]
        # New lines between two others belong to what was there, or to the lines on both sides.
        replaced = (a + 1, a_end) if a < a_end else (max(a, 1), a + 1)
        if b < b_end and lines.touches(*replaced):
            ranges.append((b + 1, b_end))
        shift, at = b_end - a_end, a_end
    return LineSet(tuple(_joined(ranges)), tuple(sorted(set(gaps))))


def _joined(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """RANGES without those that meet."""
    current: tuple[int, int] | None = None
    for first, last in sorted(ranges):
        if current is not None and first <= current[1] + 1:
            current = (current[0], max(current[1], last))
        else:
            if current is not None:
                yield current
            current = (first, last)
    if current is not None:
        yield current
