"""Unified diffs of planned changes, as `patch` and `git apply` read them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from celery_lint.source import Source

_PLAIN = frozenset(range(0x20, 0x7F)) - {ord('"'), ord("\\")}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """What changes from BEFORE to AFTER, file by file in the order of their paths."""
    return "".join(text for path in sorted(after) for text in _file(path, before[path], after[path]))


def _file(path: str, before: bytes, after: bytes) -> Iterator[str]:
    one, two = (_lines(Source(path, data)) for data in (before, after))
    yield from _ended(difflib.unified_diff(one, two, _named(f"a/{path}"), _named(f"b/{path}")))


def _named(path: str) -> str:
    """PATH as git writes it: what is no plain text in quotes, byte by byte."""
    if path.isprintable() and not set(path) & {'"', "\\"}:
        return path
    data = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in data) + '"'


def _lines(source: Source) -> list[str]:
    # `str.splitlines` would also cut at form feeds.
    return _LINE.findall(source.decode(source.data))


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith(("\n", "\r")):
            yield line
        else:
            yield f"{line}\n\\ No newline at end of file\n"
