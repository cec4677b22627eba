"""`session = Session()` becomes `with Session() as session:` around the statements that use it.

The `with` reaches as far as the session is needed: to its `close()`, or to the last use of it or of what was
made from it (`repository = Repository(session)`).
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
from msgspec import Struct

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import value_end, value_start
from celery_lint.fix.blocks import whole_last_line
from celery_lint.fix.code import Block, Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.fix.reshape import Reshape
from celery_lint.fix.session import Session, idle_handlers
from celery_lint.remedy import ScopeSession


class _Region(Struct, frozen=True):
    """The statements of BLOCK from OPENING, which makes the session, to LAST."""

    block: Block
    opening: cst.SimpleStatementLine
    inside: Sequence[cst.BaseStatement]


def rewrite(remedy: ScopeSession, files: Files) -> Rewrite:
    """The edits that open one session in a `with`."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    session = Session(code, _assignment(code, remedy), remedy.variable)
    session.check(is_async=remedy.is_async)
    region = _region(code, session)
    _reshape(draft, session, region)
    _open(draft, session, "async with" if remedy.is_async else "with")
    return Rewrite("Open the session in a `with`", Applicability.UNSAFE, drafts.edits())


def _assignment(code: Code, remedy: ScopeSession) -> cst.Assign | cst.AnnAssign:
    for node in code.at(remedy.assignment):
        if isinstance(node, cst.Assign | cst.AnnAssign):
            return node
    raise Withheld("the code is not where the rule saw it")


def _region(code: Code, session: Session) -> _Region:
    opening = code.statement(session.assignment)
    block = code.block(session.assignment)
    if not isinstance(opening, cst.SimpleStatementLine) or len(opening.body) != 1:
        raise Withheld(f"the session is opened in a line with other statements (line {code.number(opening)})")
    body: Sequence[cst.BaseStatement] = [s for s in block.body if isinstance(s, cst.BaseStatement)]
    following = body[body.index(opening) + 1 :]
    for use in session.uses:
        if not any(code.contains(statement, use) for statement in following):
            raise Withheld(f"`{session.name}` is used where a `with` cannot reach (line {code.number(use)})")
    last = max((i for i, s in enumerate(following) if session.is_needed_in(s)), default=None)
    if last is None:
        raise Withheld(f"nothing uses `{session.name}` (line {code.number(opening)})")
    return _Region(block, opening, following[: last + 1])


def _reshape(draft: Draft, session: Session, region: _Region) -> None:
    code = draft.code
    first = code.first_line(region.opening)
    handlers = idle_handlers(code, session)
    change = Reshape(draft, can_go=session.can_go, leads=lambda node: False, handlers=handlers, focus=[first])
    kept = [statement for statement in region.inside if not session.can_go(statement)]
    if not kept:
        raise Withheld(f"nothing uses `{session.name}` (line {code.number(region.opening)})")
    change.indent(region.block, code.last_line(region.opening) + 1, whole_last_line(code, kept[-1]))
    function = code.function(session.assignment)
    assert isinstance(function, cst.FunctionDef | cst.Module)
    change.apply(function)
    for line in range(code.last_line(region.opening) + 1, code.first_line(region.inside[0])):
        if not code.is_blank(line):
            break
        draft.delete_lines(line, line)


def _open(draft: Draft, session: Session, keyword: str) -> None:
    """Make a `with` of the assignment, its value as it is written."""
    code = draft.code
    value = session.assignment.value
    assert value is not None
    start = code.extent(session.assignment).start
    draft.replace(Extent(start, value_start(code, value)), f"{keyword} ")
    draft.insert(value_end(code, value), f" as {session.name}:")
