"""`app.autodiscover_tasks(["proj"])` becomes `app.autodiscover_tasks(["proj"], related_name="jobs")`."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import put_last
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import DiscoverIn


def rewrite(remedy: DiscoverIn, files: Files) -> Rewrite:
    """The edit that names the module to look for."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    call = draft.code.find(remedy.call, cst.Call)
    text = f'"{remedy.related}"'
    given = next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == "related_name"), None)
    if given is not None:
        draft.replace(draft.code.extent(given.value), text)
    elif any(argument.star for argument in call.args) or len(call.args) > 1:
        raise Withheld("the call has more arguments than the packages")
    else:
        put_last(draft, call, [f"related_name={text}"])
    return Rewrite(f"Look for `{remedy.related}`", Applicability.UNSAFE, drafts.edits())
