"""Comments of YAML, TOML, Makefiles, Procfiles, Dockerfiles, shell scripts and unit files.

At the end of a line a comment speaks about that line and the lines that it is continued on; on a line of its own about
the line below. Where indentation means something, also about the block below that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct, field

from celery_lint.comments.model import Comment, Coverage
from celery_lint.finding import Span
from celery_lint.source import Source

# A quote in a word (`don't`) opens nothing.
_QUOTED_OR_HASH = re.compile(rb"(?<!\w)'[^']*'|\"(?:\\.|[^\"\\])*+\"|[\"#]")
_SINGLY_QUOTED_OR_HASH = re.compile(rb"(?<!\w)'[^']*'|#")
# In these a `#` behind something else belongs to the value.
_OWN_LINE_ONLY = (".service", ".conf", ".ini", ".cfg")
_INDENTED = (".yaml", ".yml", ".toml", ".tpl", ".mk")


class _Lines(Struct, frozen=True):
    """The lines of a file; IS_INDENTED says that indentation means something in it."""

    starts: tuple[int, ...]
    texts: tuple[bytes, ...]
    is_indented: bool
    blocks: dict[int, tuple[int, int]] = field(default_factory=dict)
    nexts: dict[int, int] = field(default_factory=dict)

    def block(self, index: int) -> tuple[int, int]:
        """The first and last line of what the line INDEX belongs to."""
        known = self.blocks.get(index)
        if known is not None:
            return known
        first = last = index
        while first > 0 and self.is_continued(first - 1):
            first -= 1
        while last + 1 < len(self.texts) and (self.is_continued(last) or self.is_below(first, last + 1)):
            last += 1
        # The lines that a line is continued on are in the same block; asked one by one they take for ever.
        line = first
        while line == first or (line <= last and self.is_continued(line - 1)):
            self.blocks[line] = (first, last)
            line += 1
        return first, last

    def is_continued(self, index: int) -> bool:
        """Whether the line INDEX ends with a backslash."""
        return self.texts[index].endswith(b"\\") and not self.texts[index].lstrip().startswith(b"#")

    def is_below(self, first: int, index: int) -> bool:
        """Whether the line INDEX is deeper than the line FIRST, or an item of the YAML list that FIRST opens."""
        if not self.is_indented:
            return False
        text = self.texts[index].lstrip()
        depth, top = _indentation(self.texts[index]), _indentation(self.texts[first])
        is_item = depth == top and text.startswith(b"- ") and not self.texts[first].lstrip().startswith(b"- ")
        return not text or depth > top or is_item

    def below(self, index: int) -> int:
        """The next line with something to say."""
        line = self.nexts.get(index, index + 1)
        while line < len(self.texts) and self.texts[line].strip()[:1] in (b"", b"#"):
            line += 1
        if index not in self.nexts:  # the lines that were passed have the same next one
            self.nexts.update(dict.fromkeys(range(index, line), line))
        return line if line < len(self.texts) else index

    def span(self, first: int, last: int) -> Span:
        """The bytes of the lines FIRST to LAST."""
        end = self.starts[last + 1] if last + 1 < len(self.starts) else self.starts[last] + len(self.texts[last]) + 1
        return Span(self.starts[first], end)


def plain_comments(source: Source, wanted: re.Pattern[bytes]) -> Iterator[Comment]:
    """The places in comments of SOURCE that match WANTED."""
    lines = _lines(source)
    own_line_only = source.path.endswith(_OWN_LINE_ONLY)
    for index, (start, text) in enumerate(zip(lines.starts, lines.texts, strict=True)):
        column = _comment_column(text)
        if column is None or (own_line_only and text[:column].strip()):
            continue
        end = start + len(text)
        for match in wanted.finditer(source.data, start + column, end):
            is_alone = not text[:column].strip(b" \t\xef\xbb\xbf")
            yield Comment(
                Span(match.start(), end),
                Coverage(lines.span(*lines.block(lines.below(index) if is_alone else index))),
            )


def _lines(source: Source) -> _Lines:
    starts = source.line_starts
    ends = (*starts[1:], len(source.data))
    texts = tuple(source.data[start:end].rstrip(b"\r\n") for start, end in zip(starts, ends, strict=True))
    file = PurePosixPath(source.path)
    return _Lines(starts, texts, file.suffix in _INDENTED or "makefile" in file.name.lower())


def _comment_column(line: bytes) -> int | None:
    """Where the comment of LINE starts: a `#` outside quotes, at the start of a word."""
    for match in _marks(line):
        column = match.start()
        if match[0] == b"#" and (column == 0 or line[column - 1 : column] in b" \t;\xbf"):
            return column
    return None


def _marks(line: bytes) -> Iterator[re.Match[bytes]]:
    """The quoted texts of LINE, and every `#` between them."""
    for match in _QUOTED_OR_HASH.finditer(line):
        if match[0] == b'"':
            # Nothing closes it, so nothing closes any behind it: to try each would take for ever.
            yield from _SINGLY_QUOTED_OR_HASH.finditer(line, match.end())
            return
        yield match


def _indentation(line: bytes) -> int:
    return len(line) - len(line.lstrip())
