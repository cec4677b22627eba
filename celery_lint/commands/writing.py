"""What `map` and `review` share: writing pages and pictures to the terminal or to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from celery_lint.commands.console import note, write_bytes
from celery_lint.errors import UserError
from celery_lint.report.terminal import ColorChoice, Terminal, terminal_for
from celery_lint.report.text import escape
from celery_lint.settings import Configuration
from celery_lint.views.model import Place
from celery_lint.views.sheet import Sheet

_ASCII = str.maketrans({"│": "|", "├": "|", "└": "`", "─": "-", "▶": ">", "✗": "x", "╌": "-", "→": ">", "×": "x",
                        "·": "-", "…": "~", "–": "-", "✓": "+"})  # fmt: skip


def sheet_for(root: Path, output: Path | None, color: ColorChoice) -> Sheet:
    """How lines about the project at ROOT are written: to the file OUTPUT, or to stdout without one."""
    terminal = Terminal(color == "always") if output is not None else terminal_for(sys.stdout, os.environ, color)
    return Sheet(terminal, root, escape(way_to(root, None)))


def encoded(lines: Iterable[str], output: Path | None) -> bytes:
    """LINES as OUTPUT takes them: a terminal that does not know our signs gets others."""
    whole = "".join(f"{line}\n" for line in lines)
    encoding = "utf-8" if output is not None else sys.stdout.encoding or "utf-8"
    try:
        return whole.encode(encoding)
    except UnicodeEncodeError:
        return whole.translate(_ASCII).encode(encoding, "backslashreplace")


def way_to(root: Path, output: Path | None) -> str:
    """The way from the file OUTPUT (from the working directory without one) to ROOT, to put before paths."""
    way = os.path.relpath(root, output.resolve().parent if output is not None else None)
    return "" if way == "." else f"{Path(way).as_posix()}/"


def write_to(output: Path | None, data: bytes) -> None:
    """Write DATA to the file OUTPUT, to stdout without one."""
    if output is None:
        write_bytes(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from None
    note(escape(f"Wrote {output}."))


def declared_in(configuration: Configuration) -> Place:
    """Where CONFIGURATION declares workers."""
    path, _, line = configuration.origin("workers").rpartition(":")
    return Place(path, int(line)) if path and line.isdecimal() else Place("pyproject.toml", 1)
