"""Whole projects as test cases: a folder, and `expected.txt` with what is reported in it."""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from pathlib import Path

from celery_lint.testing.checking import Reported, report
from celery_lint.testing.engine import Engine

EXPECTED = "expected.txt"
_BRIEF = re.compile(r"\S+:\d+ [A-Z]{3}\d{3}$")


def check_project(folder: Path, *, update: bool = False, engine: Engine | None = None) -> list[str]:
    """How the findings in the project FOLDER differ from its `expected.txt`; empty when they do not.

    A line is `path:line:column: severity CODE name message`, or `path:line CODE` as long as nobody has reviewed the
    messages (then all lines are). UPDATE rewrites the file with full lines instead of comparing.
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve() / folder.name
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns(EXPECTED))
        reported = report(root, engine=engine)
    if update:
        (folder / EXPECTED).write_text("".join(f"{each}\n" for each in reported), encoding="utf-8")
        return []
    wanted = (folder / EXPECTED).read_text(encoding="utf-8").splitlines()
    return _difference(folder, wanted, reported)


def _difference(folder: Path, wanted: list[str], reported: tuple[Reported, ...]) -> list[str]:
    brief = bool(wanted) and all(_BRIEF.match(line) for line in wanted)
    found = sorted(each.brief for each in reported) if brief else [str(each) for each in reported]
    lines = difflib.unified_diff(sorted(wanted) if brief else wanted, found, lineterm="", n=0)
    changes = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return [f"{folder.name}: {_sentence(line)}" for line in changes]


def _sentence(line: str) -> str:
    return f"{'unexpected' if line[0] == '+' else 'not reported:'} {line[1:]}"
