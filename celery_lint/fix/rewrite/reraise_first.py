"""`except Retry: raise` goes above an `except Exception:` that would swallow it."""

from __future__ import annotations

import libcst as cst

from celery_lint.fix.imports import with_imports
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import ReraiseFirst


def rewrite(remedy: ReraiseFirst, files: Files) -> Rewrite:
    """The edit that puts the clause there, and the import that it needs."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    inside = code.character(remedy.handler.start)
    # Of the handlers around an offset, the innermost one starts last.
    around = [
        node for node in code.nodes(cst.ExceptHandler) if code.extent(node).start <= inside < code.extent(node).end
    ]
    if not around:
        raise Withheld("the code is not where the rule saw it")
    name = with_imports(draft, f"${{{remedy.exception}}}", (remedy.exception,))
    line = code.first_line(around[-1])
    draft.put_above(code.leading_comments(line), (f"except {name}:", f"{code.module.default_indent}raise"))
    return Rewrite(f"Let `{name}` through", remedy.applicability, drafts.edits())
