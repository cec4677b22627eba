"""`app.autodiscover_tasks("proj")` becomes `app.autodiscover_tasks(["proj"])`."""

from __future__ import annotations

from celery_lint.finding import Applicability
from celery_lint.fix.outcome import Rewrite
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import WrapInList


def rewrite(remedy: WrapInList, files: Files) -> Rewrite:
    """The edit that puts brackets around one argument."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    start, end = (draft.code.character(offset) for offset in (remedy.argument.start, remedy.argument.end))
    draft.replace(Extent(start, end), f"[{draft.code.text[start:end]}]")
    return Rewrite("Pass a list", Applicability.SAFE, drafts.edits())
