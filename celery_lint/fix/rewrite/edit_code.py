"""Expressions of a Python file, replaced where they stand: `t.delay(x, eta=e)` becomes `t.apply_async((x,), eta=e)`."""

from __future__ import annotations

from celery_lint.fix.code import Extent
from celery_lint.fix.imports import with_imports
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import EditCode


def rewrite(remedy: EditCode, files: Files) -> Rewrite:
    """The edits that replace each text; each must say what the rule read there."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    for replacement in remedy.replacements:
        start, end = (draft.code.character(offset) for offset in (replacement.span.start, replacement.span.end))
        if draft.code.text[start:end] != replacement.old:
            raise Withheld(f"`{replacement.old}` is not written there in one piece")
        draft.replace(Extent(start, end), with_imports(draft, replacement.new, remedy.imports))
    return Rewrite(remedy.title, remedy.applicability, drafts.edits())
