"""Turns the remedies of findings into fixes: edits that were tried, or the reason why there are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import groupby

from msgspec.structs import replace

from celery_lint.finding import Applicability, Finding, Fix
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.patch import PYTHON, compiles, loses_comments, patched
from celery_lint.fix.project import Files
from celery_lint.remedy import Remedy, RunCoroutines
from celery_lint.source import Source

Made = Callable[[Finding, frozenset[str]], None]
"""Is told of a finding that got its fix or the reason for none, and of the files that this was made of."""


def attach(
    findings: Iterable[Finding], source_of: Callable[[str], Source], made: Made | None = None
) -> tuple[Finding, ...]:
    """FINDINGS, each one that has a remedy now with its `fix` or with `withheld`, the reason for none.

    A finding that has either already keeps it. SOURCE_OF gives the file at a path as the remedies saw it. MADE is told
    of each.
    """
    files = Files(source_of)
    attached = []
    for finding in findings:
        files.begin()
        attached.append(_attached(finding, files, source_of))
        if made is not None and attached[-1] is not finding:
            made(attached[-1], frozenset(files.used))
    return tuple(attached)


def _attached(finding: Finding, files: Files, source_of: Callable[[str], Source]) -> Finding:
    if finding.remedy is None or finding.fix is not None or finding.withheld is not None:
        return finding
    try:
        done = carry_out(finding.remedy, files)
        return replace(finding, fix=_tried(done, source_of, finding.remedy))
    except Withheld as error:
        return replace(finding, withheld=error.reason)


def _tried(done: Rewrite, source_of: Callable[[str], Source], remedy: Remedy) -> Fix:
    """DONE as a fix. Raises `Withheld` when the result is no Python, or a comment would be lost.

    With a helper that nothing uses any more its comments may go, but only when the user asks for unsafe fixes.
    """
    applicability = done.applicability
    edits = sorted(done.edits, key=lambda edit: (edit.path, edit.span))
    for path, group in groupby(edits, key=lambda edit: edit.path):
        source, changes = source_of(path), list(group)
        result = patched(source, changes)
        if path.endswith(PYTHON) and not compiles(result):
            raise Withheld(f"the change to {path} would not compile")
        takes_some = any(b"#" in source.data[edit.span.start : edit.span.end] for edit in changes)
        if takes_some and loses_comments(source.data, result):
            if not isinstance(remedy, RunCoroutines):
                raise Withheld(f"a comment in {path} would be lost")
            if applicability is Applicability.SAFE:
                applicability = Applicability.UNSAFE
    if not edits:
        raise Withheld("there is nothing left to change")
    return Fix(done.title, applicability, tuple(edits))


def rewrite(remedy: Remedy, source_of: Callable[[str], Source]) -> Rewrite:
    """The edits that carry out one REMEDY. Raises `Withheld`."""
    return carry_out(remedy, Files(source_of))


def carry_out(remedy: Remedy, files: Files) -> Rewrite:
    """The edits that carry out REMEDY in FILES. Raises `Withheld`."""
    # Each remedy has a module of its name: most runs need one or two of them.
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(remedy).__name__).lower()
    rewriter: Callable[[Remedy, Files], Rewrite] = import_module(f"celery_lint.fix.rewrite.{name}").rewrite
    return rewriter(remedy, files)
