"""`celery worker -A proj` becomes `celery -A proj worker`: words of deployment files, replaced where they stand."""

from __future__ import annotations

from celery_lint.finding import Edit
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Files
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.source import Source


def rewrite(remedy: EditCommand, files: Files) -> Rewrite:
    """The edits of a file that is not Python, or of strings in one; each must say what the rule read there."""
    source = files.source(remedy.path)
    edits = tuple(_edit(source, replacement) for replacement in remedy.replacements)
    return Rewrite(remedy.title, remedy.applicability, edits)


def _edit(source: Source, replacement: Replacement) -> Edit:
    span = replacement.span
    if source.data[span.start : span.end] != replacement.old.encode():
        raise Withheld(f"`{replacement.old}` is not written there in one piece")
    return Edit(source.path, span, replacement.new)
