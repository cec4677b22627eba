"""What comments say: `# celery-lint: ignore[CEL102] reason`, and `# noqa: T201`, `# ruff: ignore[T201]` of others.

Real comments only: the same text in a string says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from celery_lint.comments.model import Comment, Coverage, Directive, Entry
from celery_lint.comments.plain import plain_comments
from celery_lint.comments.python import python_comments
from celery_lint.finding import Span
from celery_lint.source import Source

# What a file must hold for there to be a directive in it.
DIRECTIVE = re.compile(rb"#[ \t]*celery-lint:[ \t]*(?P<word>[\w-]*)[ \t]*(?:\[(?P<names>[^\]\r\n]*)\])?")
_CODES = rb"[ \t]*:[ \t]*(?P<names>[A-Z]+[0-9]+(?:[ \t,]+[A-Z]+[0-9]+)*)"
_NOQA = re.compile(rb"#[ \t]*noqa" + _CODES, re.IGNORECASE)
_NOQA_FILE = re.compile(rb"#[ \t]*(?:ruff|flake8)[ \t]*:[ \t]*noqa" + _CODES, re.IGNORECASE)
_RUFF = re.compile(rb"#[ \t]*ruff[ \t]*:[ \t]*ignore[ \t]*\[(?P<names>[^\]\r\n]*)\]", re.IGNORECASE)
_RUFF_FILE = re.compile(rb"#[ \t]*ruff[ \t]*:[ \t]*file-ignore[ \t]*\[(?P<names>[^\]\r\n]*)\]", re.IGNORECASE)
_NAME = re.compile(rb"[^\s,]+")
# A reason ends where another comment starts (`# type: ignore`); `#123` is a ticket in the reason.
_NEXT_COMMENT = re.compile(rb"(?<![ \t])[ \t]+#(?![0-9])")

_SUFFIXES = frozenset({
    ".py", ".pyi", ".yaml", ".yml", ".toml", ".sh", ".bash", ".mk", ".env", ".tpl", ".service", ".conf", ".ini", ".cfg",
    "",
})  # fmt: skip
_NAMES = frozenset({"Dockerfile", "Containerfile", "Procfile", "Makefile"})


def may_hold_directives(path: str) -> bool:
    """Whether directives are looked for in a file called PATH."""
    if path.endswith(".py"):  # the most
        return True
    name = path.rpartition("/")[2]
    stem, _, suffix = name.rpartition(".")
    return (f".{suffix}" if stem and suffix else "") in _SUFFIXES or name.partition(".")[0] in _NAMES


def directives(source: Source) -> tuple[Directive, ...]:
    """The directives of celery-lint in SOURCE, also those that are none when read closely."""
    return tuple(_ours(source, comment) for comment in _comments(source, DIRECTIVE))


def noqas(source: Source) -> tuple[Directive, ...]:
    """The comments with codes in SOURCE that silence other linters, also those for the whole file."""
    return tuple(_noqas(source))


def _noqas(source: Source) -> Iterator[Directive]:
    whole = Coverage(Span(0, len(source.data) + 1))
    for pattern in (_NOQA, _RUFF):
        for comment in _comments(source, pattern):
            yield _noqa(source, comment, pattern)
    for pattern in (_NOQA_FILE, _RUFF_FILE):
        for comment in _comments(source, pattern):
            yield _noqa(source, replace(comment, coverage=whole), pattern)


def _comments(source: Source, wanted: re.Pattern[bytes]) -> Iterator[Comment]:
    if not wanted.search(source.data):
        return iter(())
    reader = python_comments if source.path.endswith((".py", ".pyi")) else plain_comments
    return reader(source, wanted)


def _ours(source: Source, comment: Comment) -> Directive:
    said = DIRECTIVE.match(source.data, comment.span.start, comment.span.end)
    after = said.end() if said else comment.span.start
    span = Span(comment.span.start, _end_of_reason(source.data, after, comment.span.end))
    names = Span(*said.span("names")) if said and said["names"] else Span(after, after)
    entries = tuple(_entries(source.data, names))
    return Directive(
        path=source.path,
        span=span,
        entries=entries,
        coverage=comment.coverage,
        names_span=names,
        removal=_removal(source, span),
        problem=_problem(said["word"].decode("utf-8", "replace") if said else "", entries),
    )


def _problem(word: str, entries: tuple[Entry, ...]) -> str | None:
    if word != "ignore":
        return f"`celery-lint: {word}` means nothing"
    return None if entries else "it names no rule"


def _noqa(source: Source, comment: Comment, pattern: re.Pattern[bytes]) -> Directive:
    said = pattern.match(source.data, comment.span.start, comment.span.end)
    names = Span(*said.span("names")) if said else Span(0, 0)
    return Directive(source.path, comment.span, tuple(_entries(source.data, names)), comment.coverage)


def _entries(data: bytes, names: Span) -> Iterator[Entry]:
    for match in _NAME.finditer(data, names.start, names.end):
        yield Entry(match[0].decode("utf-8", "replace"), Span(*match.span()))


def _end_of_reason(data: bytes, after: int, end: int) -> int:
    following = _NEXT_COMMENT.search(data, after, end)
    return after + len(data[after : following.start() if following else end].rstrip())


def _removal(source: Source, span: Span) -> Span:
    """The whole line of a comment that is alone on it; else the comment with the blanks before it."""
    line = source.position(span.start).line
    start = source.line_starts[line - 1] + (3 if line == 1 and source.has_bom else 0)
    end = (*source.line_starts, len(source.data))[line]
    before, after = source.data[start : span.start], source.data[span.end : end]
    if before.strip():
        return Span(start + len(before.rstrip()), span.end)
    return Span(span.start, span.end + len(after) - len(after.lstrip())) if after.strip() else Span(start, end)
