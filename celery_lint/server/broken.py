"""A configuration that cannot be used, shown where it is written."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types

from celery_lint.regular import read_regular
from celery_lint.report.text import escape
from celery_lint.server.diagnostics import SOURCE, Desk
from celery_lint.server.snapshot import Broken

_NAMED = re.compile(r"(?P<file>.*?\.(?:toml|jsonl))(?::(?P<line>\d+))?: (?P<text>.*)")
_INSIDE = re.compile(r"\(at line (\d+), column \d+\)")
_LONGEST = 1000


def broken_diagnostics(broken: Broken, desk: Desk) -> dict[str, list[types.Diagnostic]]:
    """What to show of BROKEN, by URI; nothing where it names no file."""
    named = _NAMED.match(broken.message)
    if named is None:
        return {}
    file = Path(named["file"]) if Path(named["file"]).is_absolute() else broken.root / named["file"]
    line = int(named["line"] or _line(named["text"], file)) - 1
    path = file.relative_to(desk.root).as_posix() if file.is_relative_to(desk.root) else None
    where = types.Range(types.Position(line, 0), types.Position(line, _LONGEST))
    found = types.Diagnostic(
        where, escape(named["text"]), types.DiagnosticSeverity.Error, "configuration", source=SOURCE
    )
    return {desk.uri(path) if path is not None else desk.folders.uri(file): [found]}


def _line(text: str, file: Path) -> int:
    """The line that the TEXT of an error speaks of, from 1."""
    inside = _INSIDE.search(text)
    if inside is not None:
        return int(inside[1])
    if "end of document" not in text:
        return 1
    try:
        return max(len(read_regular(file).splitlines()), 1)
    except OSError:
        return 1
