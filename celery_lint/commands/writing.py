"""What `map` and `review` share: writing pages and pictures to the terminal or to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from celery_lint.commands.console import note, write_bytes
from celery_lint.commands.picture import way_from
from celery_lint.errors import UserError
from celery_lint.report.terminal import ColorChoice, Terminal, terminal_for
from celery_lint.report.text import escape, tame
from celery_lint.views.sheet import Sheet

_ASCII = str.maketrans({"│": "|", "├": "|", "└": "`", "─": "-", "▶": ">", "✗": "x", "╌": "-", "→": ">", "×": "x",
                        "·": "-", "…": "~", "–": "-", "✓": "+"})  # fmt: skip


def sheet_for(root: Path, output: Path | None, color: ColorChoice) -> Sheet:
    """How lines about the project at ROOT are written: to the file OUTPUT, or to stdout without one."""
    terminal = Terminal(color == "always") if output is not None else terminal_for(sys.stdout, os.environ, color)
    return Sheet(terminal, root, escape(way_from(None, root)))


def encoded(lines: Iterable[str], output: Path | None) -> bytes:
    """LINES as OUTPUT takes them: a terminal that does not know our signs gets others."""
    whole = "".join(f"{tame(line)}\n" for line in lines)
    encoding = "utf-8" if output is not None else sys.stdout.encoding or "utf-8"
    try:
        return whole.encode(encoding)
    except UnicodeEncodeError:
        return whole.translate(_ASCII).encode(encoding, "backslashreplace")


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
