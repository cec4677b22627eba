"""The vocabulary of changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping

from msgspec import Struct, field


class LineSet(Struct, frozen=True):
    """Lines of a file as it is now (from 1): RANGES of new or changed ones, first and last, in order and apart.

    GAPS are the lines behind which others were taken out (0: at the top) without new ones in their place.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    gaps: tuple[int, ...] = ()

    def touches(self, first: int, last: int) -> bool:
        """Whether one of the lines FIRST to LAST is new or changed, or one was taken out between them."""
        at = bisect_left(self.ranges, (first, 0))
        if at < len(self.ranges) and self.ranges[at][0] <= last:
            return True
        if at and self.ranges[at - 1][1] >= first:
            return True
        gap = bisect_left(self.gaps, first)
        return gap < len(self.gaps) and self.gaps[gap] < last

    def __bool__(self) -> bool:
        return bool(self.ranges or self.gaps)


class Changes(Struct, frozen=True):
    """How the files of a project differ from those of COMMIT (None: there is no commit yet), which REF led to.

    All paths are relative to the project's root, with `/`. LINES has the files that changed, those that are new (all of
    their lines) among them; a file that is not in it is as it was. RENAMED: the old path of files that were moved (`..`
    when from outside of the root). DELETED: files that are there no more, and were not moved.
    """

    ref: str
    commit: str | None
    lines: Mapping[str, LineSet]
    new: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    _old: Callable[[str], bytes | None] = lambda _: None

    def touches(self, path: str, first_line: int, last_line: int) -> bool:
        """Whether PATH changed in the lines FIRST_LINE to LAST_LINE, as they are counted now."""
        lines = self.lines.get(path)
        return lines is not None and lines.touches(first_line, last_line)

    def old(self, path: str) -> bytes | None:
        """What the file now called PATH (or that was deleted there) held; None when there was none, or it was huge."""
        return self._old(path)

    def __bool__(self) -> bool:
        return bool(self.lines or self.renamed or self.deleted)
