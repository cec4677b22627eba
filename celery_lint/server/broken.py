"""A configuration that cannot be used, shown where it is written."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol import types

from celery_lint.report.text import escape
from celery_lint.server.diagnostics import SOURCE, Desk
from celery_lint.server.snapshot import Broken

_NAMED = re.compile(r"(?P<file>.*?\.toml)(?::(?P<line>\d+))?: (?P<text>.*)")
_INSIDE = re.compile(r"\(at line (\d+), column \d+\)")
_LONGEST = 1000


def broken_diagnostics(broken: Broken, desk: Desk) -> dict[str, list[types.Diagnostic]]:
    """What to show of BROKEN, by URI; nothing where it names no file."""
    named = _NAMED.match(broken.message)
    if named is None:
        return {}
    file = Path(named["file"]) if Path(named["file"]).is_absolute() else broken.root / named["file"]
    inside = _INSIDE.search(named["text"])
    line = int(named["line"] or (inside[1] if inside else 1)) - 1
    path = file.relative_to(desk.root).as_posix() if file.is_relative_to(desk.root) else None
    where = types.Range(types.Position(line, 0), types.Position(line, _LONGEST))
    found = types.Diagnostic(
        where, escape(named["text"]), types.DiagnosticSeverity.Error, "configuration", source=SOURCE
    )
    return {desk.uri(path) if path is not None else desk.folders.uri(file): [found]}
