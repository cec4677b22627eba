"""What asyncio is called in a function, and its import where it is missing."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top, ensure_import
from celery_lint.fix.loops.runs import Run
from celery_lint.fix.names import Names, alias_of, module_of, written
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.scopes import is_hidden


def asyncio_name(code: Code, names: Names, function: cst.CSTNode, runs: Sequence[Run], *, only_run: bool) -> str:
    """What the asyncio module is called in the function; empty when `run` itself is imported."""
    bound = bound_at_top(code, "asyncio") or _bound_inside(code, function, runs)
    if bound is not None:
        if is_hidden(code, bound, code.extent(runs[0].call).start):
            raise Withheld(f"`{bound}` is something else where it is needed")
        return bound
    if only_run and bound_at_top(code, "asyncio", "run") is not None:
        return ""
    if names.imported.get("asyncio", "asyncio") != "asyncio":
        raise Withheld("another module is called asyncio in this file")
    return "asyncio"


def import_asyncio(draft: Draft, function: cst.CSTNode, runs: Sequence[Run], module: str) -> None:
    """Import asyncio where it is missing, in the place of names of it that nothing uses any more."""
    code = draft.code
    missing = bool(module) and not (bound_at_top(code, "asyncio") or _bound_inside(code, function, runs))
    spent = _spent_import(draft)
    if spent is not None and missing:
        draft.replace(code.extent(spent), "import asyncio")
    elif spent is not None:
        draft.delete_lines(code.first_line(spent), code.last_line(spent))
    elif missing:
        ensure_import(draft, "asyncio")


def _spent_import(draft: Draft) -> cst.SimpleStatementLine | None:
    """A `from asyncio import …` at the top of which nothing is left in use, although the fix took some of it."""
    code = draft.code
    for statement in code.module.body:
        if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
            continue
        origin = statement.body[0]
        if not isinstance(origin, cst.ImportFrom) or module_of(origin) != "asyncio":
            continue
        aliases = () if isinstance(origin.names, cst.ImportStar) else origin.names
        bound = {alias_of(alias) or written(alias.name) for alias in aliases}
        uses = [name for name in code.nodes(cst.Name) if name.value in bound and not code.contains(origin, name)]
        if uses and all(draft.covers(code.extent(name)) for name in uses):
            return statement
    return None


def _bound_inside(code: Code, function: cst.CSTNode, runs: Sequence[Run]) -> str | None:
    """What an `import asyncio` in the function, ahead of all runs, calls the module."""
    around = {*code.ancestors(runs[0].call)}
    for statement in code.nodes(cst.Import, function):
        ahead = code.extent(statement).start < code.extent(runs[0].call).start
        for alias in statement.names:
            if ahead and code.block(statement) in around and isinstance(alias.name, cst.Name):
                if alias.name.value != "asyncio":
                    continue
                asname = alias.asname.name if alias.asname is not None else alias.name
                return asname.value if isinstance(asname, cst.Name) else None
    return None
