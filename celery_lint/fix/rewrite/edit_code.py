"""Expressions of a Python file, replaced where they stand: `t.delay(x, eta=e)` becomes `t.apply_async((x,), eta=e)`."""

from __future__ import annotations

from celery_lint.fix.imports import with_imports
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import EditCode

_BETWEEN = "\0"


def rewrite(remedy: EditCode, files: Files) -> Rewrite:
    """The edits that replace each text; each must say what the rule read there."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    # All texts at once, so that an import is only added once.
    texts = with_imports(draft, _BETWEEN.join(each.new for each in remedy.replacements), remedy.imports)
    for replacement, text in zip(remedy.replacements, texts.split(_BETWEEN), strict=True):
        start, end = (draft.code.character(offset) for offset in (replacement.span.start, replacement.span.end))
        if draft.code.text[start:end] != replacement.old:
            raise Withheld(f"`{replacement.old}` is not written there in one piece")
        draft.replace(Extent(start, end), text)
    return Rewrite(remedy.title, remedy.applicability, drafts.edits())
