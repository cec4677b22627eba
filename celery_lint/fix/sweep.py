"""Deletes helpers like `get_or_create_event_loop` once the last function that used them was fixed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import libcst as cst
from msgspec import Struct

from celery_lint.finding import Finding
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.loops.helpers import delete_function, drop_alias
from celery_lint.fix.names import written
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.patch import patched
from celery_lint.remedy import RunCoroutines
from celery_lint.source import Source

_FOREIGN = {"node_modules", "site-packages", "venv", "env", "__pycache__", "build", "dist"}


class Helper(Struct, frozen=True):
    """A top-level function that may have lost its last use."""

    path: str
    name: str


def helpers_of(finding: Finding, source_of: Callable[[str], Source]) -> set[Helper]:
    """The helpers that the fix of FINDING may have made superfluous; SOURCE_OF as it was before the fix."""
    remedy = finding.remedy
    if not isinstance(remedy, RunCoroutines):
        return set()
    found = set()
    for location in remedy.removable:
        match = re.search(r"def\s+(\w+)", source_of(location.path).text(location.span))
        if match:
            found.add(Helper(location.path, match[1]))
    return found


def sweep(root: Path, source_of: Callable[[str], Source], helpers: Iterable[Helper]) -> dict[str, bytes]:
    """New contents of the files that lose a helper of HELPERS or its import.

    A helper whose name anything else in the project still says stays, be it only a string or a comment.
    """
    paths = list(_python_files(root))
    changed: dict[str, bytes] = {}

    def current(path: str) -> Source:
        return Source(path, changed[path]) if path in changed else source_of(path)

    for helper in sorted(helpers, key=lambda helper: (helper.path, helper.name)):
        changed.update(_without(helper, paths, current))
    return changed


def _without(helper: Helper, paths: Iterable[str], current: Callable[[str], Source]) -> dict[str, bytes]:
    drafts: list[Draft] = []
    word = re.compile(rb"\b" + helper.name.encode() + rb"\b")
    try:
        for path in {*paths, helper.path}:
            if word.search(current(path).data):
                drafts.append(_forget(Code(current(path)), helper))
    except (Withheld, OSError):
        return {}
    if not any(draft.code.source.path == helper.path for draft in drafts):
        return {}
    return {draft.code.source.path: patched(draft.code.source, draft.edits()) for draft in drafts}


def _forget(code: Code, helper: Helper) -> Draft:
    """Take the definition or the import of HELPER out of a file; `Withheld` when it says the name elsewhere."""
    draft = Draft(code)
    if code.source.path == helper.path:
        _delete(draft, helper)
    for statement in code.nodes(cst.ImportFrom):
        for alias in statement.names if not isinstance(statement.names, cst.ImportStar) else ():
            if written(alias.name) == helper.name and alias.asname is None:
                drop_alias(draft, statement, alias)
    for match in re.finditer(rf"\b{helper.name}\b", code.text):
        if not draft.covers_offset(match.start()):
            raise Withheld(f"`{helper.name}` is still in use")
    return draft


def _delete(draft: Draft, helper: Helper) -> None:
    for statement in draft.code.module.body:
        if isinstance(statement, cst.FunctionDef) and statement.name.value == helper.name:
            delete_function(draft, statement)
            return
    raise Withheld(f"`{helper.name}` is gone already")


def _python_files(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _FOREIGN and not name.startswith(".")]
        for name in files:
            if name.endswith(".py"):
                yield (Path(folder) / name).relative_to(root).as_posix()
