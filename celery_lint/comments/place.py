"""Where a comment can be put that silences a finding: into one that is there, at the end of the line, or above it.

Whatever is proposed is tried on the text: the comment has to cover the finding, and the file has to say the same as
before to everybody else.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator

import yaml
from msgspec import Struct

from celery_lint.comments.directives import directives, may_hold_directives
from celery_lint.comments.python import first_rows
from celery_lint.finding import Span
from celery_lint.source import Source

# A comment at the end of a line makes it no longer than this, a comment above is longer if it must.
_WIDEST = 100
_PYTHON = (".py", ".pyi")
_YAML = (".yaml", ".yml", ".tpl")
# In these a `#` behind something else is a comment to everybody.
_ENDS = (*_PYTHON, ".yaml", ".yml", ".toml")
_BLOCK = re.compile(rb"[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$")
_HERE_DOCUMENT = re.compile(rb"<<-?[ \t]*(['\"]?)(\w+)\1")


class Insertion(Struct, frozen=True):
    """TEXT to be put before the byte at AT."""

    at: int
    text: bytes

    def into(self, data: bytes) -> bytes:
        """DATA with the text in it."""
        return data[: self.at] + self.text + data[self.at :]

    def moved(self, span: Span) -> Span:
        """Where SPAN is afterwards."""
        more = len(self.text)
        start = span.start + (more if span.start >= self.at else 0)
        return Span(start, max(start, span.end + (more if span.end > self.at else 0)))


def place(source: Source, span: Span, code: str, reason: str) -> Insertion | None:
    """What makes a comment of SOURCE silence the finding of the rule CODE at SPAN, for REASON; None when there is no
    place for one. Raises UnicodeError when the file's encoding cannot express REASON."""
    if not may_hold_directives(source.path):
        return None
    if _silences(source, span, code):
        return Insertion(0, b"")
    for insertion in _proposed(source, span, code, reason):
        after = Source(source.path, insertion.into(source.data))
        if _silences(after, insertion.moved(span), code) and _says_the_same(source, after):
            return insertion
    return None


def _silences(source: Source, span: Span, code: str) -> bool:
    return any(
        directive.problem is None and directive.coverage.includes(span)
        for directive in directives(source)
        if any(entry.name == code for entry in directive.entries)
    )


def _proposed(source: Source, span: Span, code: str, reason: str) -> Iterator[Insertion]:
    for directive in directives(source):
        if directive.problem is None and directive.coverage.includes(span):
            yield Insertion(directive.names_span.end, f", {code}".encode())
    text = f"# celery-lint: ignore[{code}]{' ' if reason else ''}{reason}"
    comment = text.encode("utf-8" if source.has_bom else source.encoding)
    row = bisect_right(source.line_starts, span.start) - 1
    at_end = Insertion(_end(source, row), b"  " + comment)
    fits = len(source.line_text(row + 1)) + 2 + len(text) <= _WIDEST
    if fits and source.path.endswith(_ENDS):
        yield at_end
    newline = source.newline.encode()
    for above in _rows_above(source, row):
        start = source.line_starts[above] + (3 if above == 0 and source.has_bom else 0)
        line = source.data[start : _end(source, above)]
        indentation = line[: len(line) - len(line.lstrip())]
        if source.path.endswith("akefile") or source.path.endswith(".mk"):
            indentation = indentation.replace(b"\t", b"")  # else make hands it to the shell
        yield Insertion(start, indentation + comment + newline)
    if source.path.endswith(_ENDS):
        yield at_end


def _end(source: Source, row: int) -> int:
    """Where the text of ROW (from 0) ends."""
    start = source.line_starts[row]
    end = source.line_starts[row + 1] if row + 1 < len(source.line_starts) else len(source.data)
    return start + len(source.data[start:end].rstrip(b"\r\n").rstrip())


def _rows_above(source: Source, row: int) -> Iterator[int]:
    """The rows (from 0) above which a comment may speak about ROW, the nearest first."""
    if source.path.endswith(_PYTHON):
        yield from (first - 1 for first in first_rows(source, row + 1))
        return
    ends = (*source.line_starts[1:], len(source.data))
    lines = [source.data[start:end].rstrip(b"\r\n") for start, end in zip(source.line_starts, ends, strict=True)]
    first = row
    while first > 0 and lines[first - 1].endswith(b"\\"):
        first -= 1
    if source.path.endswith(_YAML):
        yield from _yaml_rows(lines, first)
    elif not _is_in_text(lines[:first]):
        yield first


def _yaml_rows(lines: list[bytes], row: int) -> Iterator[int]:
    """ROW, unless it is in a block of text, and the rows that it is below."""
    chain = [row]
    depth = _depth(lines[row])
    for index in range(row - 1, -1, -1):
        line = lines[index]
        if line.strip() and not line.lstrip().startswith(b"#") and _depth(line) < depth:
            chain.append(index)
            depth = _depth(line)
    blocks = [index for index, each in enumerate(chain) if index and _BLOCK.search(lines[each])]
    yield from chain[max(blocks, default=0) :][:3]


def _depth(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _is_in_text(above: list[bytes]) -> bool:
    """Whether what follows the lines ABOVE may be in a quoted text or a here-document."""
    ends: list[bytes] = []
    for line in above:
        if ends:
            if line.strip() == ends[0]:
                ends.pop(0)
        elif not line.lstrip().startswith(b"#"):
            ends.extend(match[2] for match in _HERE_DOCUMENT.finditer(line))
    code = b"\n".join(line for line in above if not line.lstrip().startswith(b"#"))
    quotes = re.sub(rb"\\.|(?<=\w)'(?=\w)", b"", code, flags=re.DOTALL)
    return bool(ends) or quotes.count(b'"') % 2 == 1 or quotes.count(b"'") % 2 == 1


# Whether a file says the same


def _says_the_same(before: Source, after: Source) -> bool:
    if before.path.endswith(_PYTHON):
        return _tokens(before.data) == _tokens(after.data) is not None
    if before.path.endswith((".yaml", ".yml")):
        events = _events(before.data)
        return events is None or events == _events(after.data)
    if before.path.endswith(".toml"):
        return _table(before) == _table(after)
    return True


def _tokens(data: bytes) -> list[tuple[int, str]] | None:
    """What Python sees of DATA."""
    try:
        tokens = tokenize.tokenize(io.BytesIO(data).readline)
        return [(each.type, each.string) for each in tokens if each.type not in (tokenize.COMMENT, tokenize.NL)]
    except (tokenize.TokenError, SyntaxError, UnicodeError, LookupError):
        return None


def _events(data: bytes) -> list[tuple[object, ...]] | None:
    try:
        return [
            (type(event), *(getattr(event, name, None) for name in ("anchor", "tag", "value")))
            for event in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        ]
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError):
        return None  # a template, say


def _table(source: Source) -> object:
    import tomllib

    try:
        return tomllib.loads(source.decode(source.data))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
