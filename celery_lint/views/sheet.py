"""Lines for a terminal: coloured words to the left, the place in the code to the right, the width kept."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from celery_lint.report.terminal import Terminal, file_url
from celery_lint.report.text import width
from celery_lint.views.model import Place

# Below this a shortened path says nothing any more.
_LEAST_PATH = 16
_GAP = 2
# Wider, the eye loses the way from a name to its place.
_WIDEST = 110


class Words(Struct, frozen=True):
    """Some text in STYLES."""

    text: str
    styles: tuple[str, ...] = ()


def words(text: str, *styles: str) -> Words:
    """TEXT in STYLES."""
    return Words(text, styles)


class Sheet(Struct, frozen=True):
    """How to write to TERMINAL about the project at ROOT; SHOWN stands before paths so that they can be opened."""

    terminal: Terminal
    root: Path | None = None
    shown: str = ""

    @property
    def width(self) -> int:
        """How many columns are used."""
        return min(self.terminal.width, _WIDEST)

    def line(self, parts: Sequence[Words], place: Place | None = None, stem: str = "") -> Iterator[str]:
        """PARTS after each other, and where they are written. STEM starts the second line, should one be needed."""
        left = "".join(self.terminal.paint(part.text, *part.styles) for part in parts)
        used = sum(width(part.text) for part in parts)
        if place is None or place.path == ".":
            yield left.rstrip()
            return
        room = self.width - used - _GAP
        if room >= _LEAST_PATH or room >= width(self._path(place)):
            yield left + " " * (_GAP + max(room - width(self._path(place, room)), 0)) + self._place(place, room)
            return
        yield left.rstrip()
        room = self.width - width(stem)
        yield (
            self.terminal.paint(stem, "dim") + " " * (room - width(self._path(place, room))) + self._place(place, room)
        )

    def paragraph(self, text: str, stem: str, *styles: str) -> Iterator[str]:
        """TEXT, wrapped; every line after STEM."""
        room = max(self.width - width(stem), 24)
        for line in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False):
            yield self.terminal.paint(stem, "dim") + self.terminal.paint(line, *styles)

    def items(self, items: Iterable[Words], stem: str) -> Iterator[str]:
        """ITEMS, separated by dots, on as many lines as they need; every line after STEM."""
        row: list[Words] = []
        for item in items:
            if row and width(stem) + sum(width(each.text) + 3 for each in row) + width(item.text) > self.width:
                yield self._row(row, stem)
                row = []
            row.append(item)
        if row:
            yield self._row(row, stem)

    def _row(self, row: Sequence[Words], stem: str) -> str:
        dot = self.terminal.paint(" · ", "dim")
        return self.terminal.paint(stem, "dim") + dot.join(self.terminal.paint(each.text, *each.styles) for each in row)

    def _path(self, place: Place, room: int = 10_000) -> str:
        text = f"{self.shown}{place.path}:{place.line}"
        return text if width(text) <= room else "…" + text[len(text) - room + 1 :]

    def _place(self, place: Place, room: int) -> str:
        url = file_url(self.root / place.path) if self.root is not None and self.terminal.links else None
        return self.terminal.link(self.terminal.paint(self._path(place, room), "dim"), url)
