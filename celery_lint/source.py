"""The bytes of one file and how people count them: encoding, newline, lines and columns."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from bisect import bisect_right
from functools import cached_property

from msgspec import Struct

from celery_lint.finding import Span

# Python, YAML and editors agree on these three; `str.splitlines` would also cut at form feeds.
_NEWLINE = re.compile(rb"\r\n|\n|\r")


class Position(Struct, frozen=True):
    """A place as people count it: line and column from 1, the column in characters."""

    line: int
    column: int


class Source(Struct, frozen=True, dict=True):
    """One file as it was read. PATH is relative to the project's root, with `/`."""

    path: str
    data: bytes

    @cached_property
    def encoding(self) -> str:
        """The codec that turns the bytes into text: a byte order mark, a PEP 263 line, else UTF-8.

        Raises SyntaxError when the coding line names no codec or contradicts the byte order mark.
        """
        return tokenize.detect_encoding(io.BytesIO(self.data).readline)[0]

    @property
    def has_bom(self) -> bool:
        """Whether the file starts with a UTF-8 byte order mark."""
        return self.data.startswith(codecs.BOM_UTF8)

    @cached_property
    def newline(self) -> str:
        """The newline used most; `\\n` for a file without any."""
        found: list[bytes] = _NEWLINE.findall(self.data)
        if not found:
            return "\n"
        return max(sorted(set(found)), key=found.count).decode("ascii")

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Byte offsets at which the lines start."""
        return (0, *(match.end() for match in _NEWLINE.finditer(self.data)))

    def position(self, offset: int) -> Position:
        """The line and column of the byte at OFFSET."""
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        before = self.data[start:offset]
        if line == 1 and self.has_bom:
            before = before.removeprefix(codecs.BOM_UTF8)
        return Position(line, len(self.decode(before)) + 1)

    def line_text(self, line: int) -> str:
        """The text of LINE (from 1), without its newline."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.data)
        return self.decode(self.data[start:end]).rstrip("\r\n").removeprefix("\ufeff")

    def text(self, span: Span) -> str:
        """The text of SPAN."""
        return self.decode(self.data[span.start : span.end])

    def decode(self, data: bytes) -> str:
        """DATA as text; bytes that are not text in this encoding become replacement characters."""
        try:
            return data.decode(self.encoding, errors="replace")
        except (SyntaxError, LookupError, UnicodeError):
            return data.decode("utf-8", errors="replace")
