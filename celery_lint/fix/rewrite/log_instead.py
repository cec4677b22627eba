"""`print(…)` becomes a call of the module's logger."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.blocks import Piece, take_out, whole_last_line
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.loggers import Logger, module_logger, new_logger
from celery_lint.fix.names import Names
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.printing import Message, read_print
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import LogInstead


def rewrite(remedy: LogInstead, files: Files) -> Rewrite:
    """The edits that turn the prints of one function into log calls, with a logger for the module."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    names = Names(code)
    calls = [code.find(span, cst.Call) for span in sorted(remedy.prints)]
    empty = [call for call in calls if not [argument for argument in call.args if argument.keyword is None]]
    logger = module_logger(code, names) or new_logger(draft, names, remedy.style)
    for call in calls:
        _check_name(code, logger, call)
        if call in empty:
            read_print(code, call, lazy=logger.lazy)
        else:
            _log(draft, logger, call)
    _remove(draft, empty)
    return Rewrite("Log instead of printing", Applicability.UNSAFE, drafts.edits())


def _check_name(code: Code, logger: Logger, call: cst.Call) -> None:
    """Refuse where a function has another meaning for the logger's name."""
    scope = code.function(call)
    while isinstance(scope, cst.FunctionDef | cst.ClassDef | cst.Lambda):
        for name in code.nodes(cst.Name, scope):
            parent = code.parent(name)
            bound = isinstance(parent, cst.Param | cst.AssignTarget | cst.AsName) and name.value == logger.name
            if bound and code.function(name) in (scope, code.function(scope)):
                raise Withheld(f"`{logger.name}` has another meaning in this function (line {code.number(name)})")
        scope = code.function(scope)


def _log(draft: Draft, logger: Logger, call: cst.Call) -> None:
    code = draft.code
    message = read_print(code, call, lazy=logger.lazy)
    level = "exception" if message.tells_exception else "info"
    draft.replace(code.extent(call.func), f"{logger.name}.{level}")
    _put_message(draft, call, message)


def _put_message(draft: Draft, call: cst.Call, message: Message) -> None:
    """Replace the arguments that change, and leave the layout of the others."""
    code = draft.code
    first = call.args[0]
    if message.text is not None and message.replaces_first:
        draft.replace(code.extent(first), message.text) if first.comma == cst.MaybeSentinel.DEFAULT else draft.replace(
            Extent(code.extent(first).start, code.extent(first.value).end), message.text
        )
    elif message.text is not None:
        line = code.line(code.extent(first).start)
        own_line = not code.text[code.lines[line].start : code.extent(first).start].strip()
        gap = f"\n{code.indent(line)}" if own_line else " "
        draft.insert(code.extent(first).start, f"{message.text},{gap}")
    message.remove_from(draft, call)


def _remove(draft: Draft, calls: list[cst.Call]) -> None:
    """`print()` goes, but a block keeps a statement."""
    code = draft.code
    gone = {code.statement(call): call for call in calls}
    for statement, call in gone.items():
        if not isinstance(statement, cst.SimpleStatementLine) or code.text_of(statement) != code.text_of(call):
            raise Withheld(f"the empty print on line {code.number(call)} is part of something else")
    for block in {code.block(statement) for statement in gone}:
        if all(statement in gone for statement in block.body):
            first, *_ = block.body
            draft.replace(code.extent(first), "pass")
            continue
        pieces = [
            Piece(code.first_line(item), whole_last_line(code, item), kept=item not in gone) for item in block.body
        ]
        take_out(draft, pieces, lambda piece: False)
