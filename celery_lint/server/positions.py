"""Bytes of a file, and the lines and characters that an editor counts."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from functools import cached_property
from typing import Literal, NamedTuple

from msgspec import Struct

from celery_lint.finding import Span
from celery_lint.source import Source

Units = Literal["utf-8", "utf-16", "utf-32"]


class Point(NamedTuple):
    """A place as the protocol has it: line and character from 0."""

    line: int
    character: int


class Ruler(Struct, frozen=True, dict=True):
    """Counts SOURCE as an editor does whose characters are UNITS of UTF-8, 16 or 32. SHOWS_BOM: the editor has a byte
    order mark in its text (most take it away)."""

    source: Source
    units: Units = "utf-16"
    shows_bom: bool = False

    def point(self, offset: int) -> Point:
        """The place of the byte at OFFSET."""
        offset = max(0, min(offset, len(self.source.data)))
        line = bisect_right(self.source.line_starts, offset) - 1
        before = self.source.data[self._start(line) : offset]
        return Point(line, self._shift(line) + count(before.decode(self._encoding, "replace"), self.units))

    def points(self, span: Span) -> tuple[Point, Point]:
        """Where SPAN starts and ends."""
        return self.point(span.start), self.point(span.end)

    def offset(self, point: Point) -> int:
        """The byte at POINT; the end of the line, or of the file, for a place beyond it."""
        starts = self.source.line_starts
        if point.line >= len(starts):
            return len(self.source.data)
        start = self._start(point.line)
        end = starts[point.line + 1] if point.line + 1 < len(starts) else len(self.source.data)
        line = self.source.data[start:end].rstrip(b"\r\n")
        return start + self._bytes(line, max(0, point.character - self._shift(point.line)))

    def _start(self, line: int) -> int:
        """Where the text of LINE starts: behind the byte order mark."""
        has_bom = line == 0 and self.source.has_bom
        return self.source.line_starts[line] + (len(codecs.BOM_UTF8) if has_bom else 0)

    def _shift(self, line: int) -> int:
        """What the byte order mark takes."""
        return count("\ufeff", self.units) if self.shows_bom and line == 0 and self.source.has_bom else 0

    def _bytes(self, line: bytes, wanted: int) -> int:
        """How many bytes of LINE are WANTED units; a character that they would cut is left out."""
        if line.isascii():
            return min(wanted, len(line))
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        used = end = 0
        for index in range(len(line) + 1):
            text = decoder.decode(line[index : index + 1], index == len(line))
            used += count(text, self.units)
            if used > wanted:
                return end
            if text:
                end = min(index + 1, len(line))
        return end

    @cached_property
    def _encoding(self) -> str:
        """As `Source.decode` has it; a byte order mark is none but at the start."""
        try:
            return codecs.lookup(self.source.encoding.removesuffix("-sig")).name
        except (SyntaxError, LookupError):
            return "utf-8"


def count(text: str, units: Units) -> int:
    """How many UNITS the TEXT takes."""
    if text.isascii() or units == "utf-32":
        return len(text)
    if units == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)
