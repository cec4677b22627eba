"""`include=["proj.mail"]` becomes `include=["proj.mail", "proj.reports"]`."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import put_last
from celery_lint.fix.code import Code
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import IncludeModule


def rewrite(remedy: IncludeModule, files: Files) -> Rewrite:
    """The edit that adds modules to a literal list of modules, in the quotes used there."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    listed = _listed(draft.code, remedy)
    strings = [item.value for item in listed.elements if isinstance(item.value, cst.SimpleString)]
    present = {string.evaluated_value for string in strings}
    missing = [module for module in remedy.modules if module not in present]
    if not missing:
        raise Withheld("the list names the module already")
    quote = strings[-1].quote if strings and len(strings[-1].quote) == 1 else '"'
    put_last(draft, listed, [f"{quote}{module}{quote}" for module in missing])
    return Rewrite(f"Include `{missing[0]}`", Applicability.UNSAFE, drafts.edits())


def _listed(code: Code, remedy: IncludeModule) -> cst.List | cst.Tuple | cst.Set:
    for node in code.at(remedy.items):
        if isinstance(node, cst.List | cst.Tuple | cst.Set):
            return node
    raise Withheld("the list of modules is not literal")
