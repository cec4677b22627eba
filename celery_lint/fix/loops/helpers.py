"""Deletes project helpers like `get_or_create_event_loop` that nothing needs any more."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from celery_lint.finding import Location
from celery_lint.fix.blocks import Piece, take_out, whole_last_line
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.names import alias_of, written
from celery_lint.fix.project import Drafts
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import RunCoroutines


def remove_helpers(drafts: Drafts, remedy: RunCoroutines) -> None:
    """Delete the helpers REMEDY names, where its own runs were their only use."""
    for location in remedy.removable:
        draft = drafts.draft(location.path)
        helper = _helper(draft.code, location)
        if helper is None:
            continue
        getters = remedy.loop_getters if location.path == remedy.path else ()
        if not _is_free(draft.code, helper, {draft.code.find(span, cst.Call) for span in getters}):
            continue
        delete_function(draft, helper)
        if location.path != remedy.path:
            _drop_import(drafts.draft(remedy.path), helper.name.value, remedy)


def _helper(code: Code, location: Location) -> cst.FunctionDef | None:
    """The top-level function at LOCATION."""
    inside = code.character(location.span.start)
    for statement in code.module.body:
        if isinstance(statement, cst.FunctionDef):
            start, end = code.definition(statement)
            if start <= inside < end:
                return statement
    return None


def _is_free(code: Code, helper: cst.FunctionDef, calls: set[cst.Call]) -> bool:
    """Whether the file of HELPER says its name nowhere but in its definition and in CALLS."""
    name = helper.name.value
    allowed = {call.func for call in calls}
    for node in code.nodes(cst.Name):
        if node.value == name and not code.contains(helper, node) and node not in allowed:
            return False
    quoted = (f'"{name}"', f"'{name}'")
    return not any(node.value in quoted for node in code.nodes(cst.SimpleString))


def delete_function(draft: Draft, function: cst.FunctionDef) -> None:
    """Delete a top-level FUNCTION with the comments directly above it."""
    code = draft.code
    first = code.leading_comments(code.first_line(function))
    gone = Piece(first, whole_last_line(code, function), kept=False)
    body: Sequence[cst.CSTNode] = code.module.body
    pieces = [
        gone
        if statement is function
        else Piece(code.first_line(statement), whole_last_line(code, statement), kept=True)
        for statement in body
    ]
    take_out(draft, pieces, lambda piece: False)


def _drop_import(draft: Draft, name: str, remedy: RunCoroutines) -> None:
    """Take NAME out of the import it came from, when only the rewritten calls used it."""
    code = draft.code
    called = {code.find(span, cst.Call).func for span in remedy.loop_getters}
    for statement in code.nodes(cst.ImportFrom):
        for alias in statement.names if not isinstance(statement.names, cst.ImportStar) else ():
            if written(alias.name) != name:
                continue
            bound = alias_of(alias) or name
            uses = [node for node in code.nodes(cst.Name) if node.value == bound and not code.contains(statement, node)]
            if all(node in called for node in uses):
                drop_alias(draft, statement, alias)


def drop_alias(draft: Draft, statement: cst.ImportFrom, alias: cst.ImportAlias) -> None:
    """Take one name out of an import, and the whole statement with its last name."""
    code = draft.code
    names = list(statement.names) if not isinstance(statement.names, cst.ImportStar) else []
    if len(names) == 1:
        line = code.statement(statement)
        draft.delete_lines(code.first_line(line), code.last_line(line))
        return
    index = names.index(alias)
    if index + 1 < len(names):
        gone = Extent(code.extent(alias).start, code.extent(names[index + 1]).start)
    else:
        gone = Extent(_end(code, names[index - 1]), _end(code, alias))
    draft.replace(gone, "")


def _end(code: Code, alias: cst.ImportAlias) -> int:
    return code.extent(alias.asname.name if alias.asname is not None else alias.name).end
