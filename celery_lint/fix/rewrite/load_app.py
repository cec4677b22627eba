"""A Django project's `__init__.py` imports its Celery application, as Celery's manual has it."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import LoadApp


def rewrite(remedy: LoadApp, files: Files) -> Rewrite:
    """The edit that adds the import, and `__all__` for linters to know that it is meant."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    if any("__all__" in code.text_of(node) for node in code.nodes(cst.AssignTarget)):
        raise Withheld(f"{remedy.path} has an `__all__` of its own")
    if any(isinstance(node, cst.Name) and node.value == "celery_app" for node in code.nodes(cst.Name)):
        raise Withheld(f"{remedy.path} has a `celery_app` already")
    name = remedy.name if remedy.name == "celery_app" else f"{remedy.name} as celery_app"
    text = f'from {remedy.module} import {name}\n\n__all__ = ("celery_app",)\n'
    ends = not code.text or code.text.endswith("\n")
    before = "\n" if code.text and ends else "" if ends else "\n\n"
    draft.insert(len(code.text), before + (text if ends else text.rstrip("\n")))
    return Rewrite("Import the Celery application", Applicability.SAFE, drafts.edits())
