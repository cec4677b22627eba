"""`@app.task` becomes `@app.task(bind=True)`."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import put_first
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import BindTask


def rewrite(remedy: BindTask, files: Files) -> Rewrite:
    """The edit that adds `bind=True` to one task decorator, ahead of its other options."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    call = next((node for node in code.at(remedy.decorator) if isinstance(node, cst.Call)), None)
    if call is not None:
        _check(call)
        put_first(draft, call, "bind=True")
    else:
        draft.insert(code.character(remedy.decorator.end), "(bind=True)")
    return Rewrite("Add `bind=True`", Applicability.SAFE, drafts.edits())


def _check(call: cst.Call) -> None:
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "bind":
            raise Withheld("the decorator sets `bind` already")
        if argument.star == "**":
            raise Withheld("the decorator takes `**` options that may set `bind`")
        if argument.keyword is None:
            raise Withheld("the decorator has a positional argument")
