"""`@app.task` becomes `@app.task(retry_backoff=True)`, and a dict gets one more entry."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Span
from celery_lint.fix.arguments import put_last
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import with_imports
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import AddArgument


def rewrite(remedy: AddArgument, files: Files) -> Rewrite:
    """The edit that adds the argument or the entry, laid out as its neighbours are."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    texts = (remedy.text, *(remedy.texts or (remedy.text,) * len(remedy.others)))
    for holder, text in zip((remedy.holder, *remedy.others), texts, strict=True):
        _add(draft, holder, with_imports(draft, text, remedy.imports))
    return Rewrite(remedy.title, remedy.applicability, drafts.edits())


def _add(draft: Draft, span: Span, text: str) -> None:
    code = draft.code
    nodes = code.at(span)
    holder = next((node for node in nodes if isinstance(node, cst.Call | cst.Dict)), None)
    if holder is not None:
        put_last(draft, holder, [_quoted_as(holder, text) if isinstance(holder, cst.Dict) else text])
    elif any(isinstance(node, cst.Decorator) for at in nodes for node in code.ancestors(at)):
        draft.insert(code.character(span.end), f"({text})")
    else:
        raise Withheld("the code is not where the rule saw it")


def _quoted_as(holder: cst.Dict, text: str) -> str:
    """TEXT with the quotes that the keys of HOLDER have, when it is plain enough."""
    keys = [each.key for each in holder.elements if isinstance(each, cst.DictElement)]
    single = bool(keys) and all(isinstance(key, cst.SimpleString) and key.value.startswith("'") for key in keys)
    return text.replace('"', "'") if single and "'" not in text and "\\" not in text else text
