"""What the run of something that is no coroutine becomes: `gather(...)` awaited in a local `async def`."""

from __future__ import annotations

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.loops.runs import Run
from celery_lint.fix.names import Names
from celery_lint.fix.outcome import Withheld

_FUTURES = ("ensure_future(", "create_task(", "run_in_executor(", "run_coroutine_threadsafe(", "create_future(")


def unwrapped(code: Code, plumbing: Plumbing, run: Run) -> cst.BaseExpression | None:
    """The coroutine in `loop.create_task(coroutine)`, which needs no task when it is run at once."""
    value = run.awaited
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute) or len(value.args) != 1:
        return None
    if value.func.attr.value != "create_task" or not plumbing.is_loop(value.func.value):
        return None
    return value.args[0].value


def wrap_awaitable(draft: Draft, names: Names, run: Run, taken: set[str]) -> str:
    """Define a coroutine that awaits the argument of RUN above its statement; returns the call of it.

    TAKEN are the names that this fix has given already.
    """
    code = draft.code
    _check(code, names, run)
    called = (names.called(run.awaited) or "").rpartition(".")[2]
    name = _name(names, "_gather" if called == "gather" else "_main", taken)
    statement = code.statement(run.call)
    line = code.leading_comments(code.first_line(statement))
    body = [f"async def {name}():", *_body(code, statement, run.awaited), ""]
    if draft.has_above(line) or not _starts_paragraph(draft, statement, line):
        body.insert(0, "")
    draft.put_above(line, body, order=2)
    return f"{name}()"


def _name(names: Names, wanted: str, taken: set[str]) -> str:
    name = wanted
    number = 1
    while name in taken or name in names.used:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def _check(code: Code, names: Names, run: Run) -> None:
    line = code.number(run.call)
    value = run.awaited
    if not isinstance(value, cst.Call):
        shown = code.text_of(value) if isinstance(value, cst.Name) else "the argument"
        raise Withheld(f"`{shown}` was made before the loop runs, and belongs to the old loop (line {line})")
    for around in code.ancestors(run.call):
        if isinstance(around, cst.CompFor):
            raise Withheld(f"the loop is run inside a comprehension (line {line})")
    for kind in (cst.NamedExpr, cst.Yield, cst.Await):
        if any(True for _ in code.nodes(kind, value)):
            raise Withheld(f"the argument of the run does more than to call (line {line})")
    first, last = code.first_line(value), code.last_line(value)
    if any(number in code.frozen_lines for number in range(first, last + 1)):
        raise Withheld(f"the argument of the run holds a string of several lines (line {line})")
    function = code.function(run.call)
    for name in code.nodes(cst.Name, value):
        for made in _makers(code, function, name.value):
            if any(future in made for future in _FUTURES):
                raise Withheld(f"`{name.value}` holds tasks made before the loop runs (line {code.number(name)})")


def _makers(code: Code, function: cst.CSTNode, name: str) -> list[str]:
    """The code that gives the variable NAME its value or its members."""
    found = [
        code.text_of(assign.value)
        for assign in code.nodes(cst.Assign, function)
        if any(isinstance(target.target, cst.Name) and target.target.value == name for target in assign.targets)
    ]
    for call in code.nodes(cst.Call, function):
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value not in ("append", "add", "extend", "insert"):
            continue
        if isinstance(func.value, cst.Name) and func.value.value == name:
            found.append(code.text_of(call))
    return found


def _body(code: Code, statement: cst.CSTNode, value: cst.BaseExpression) -> list[str]:
    """`return await VALUE`, its lines indented as they were relative to the line it starts on."""
    unit = code.unit_at(statement)
    prefix = f"{unit}return await "
    start, end = code.extent(value)
    line = code.line(start)
    base = code.indent(line)
    first, *rest = code.text[start:end].splitlines()
    lines = [prefix + first]
    moved = len(code.indent(code.first_line(statement)) + prefix) - (start - code.lines[line].start)
    for text in rest:
        indent = text[: len(text) - len(text.lstrip())]
        relative = indent.removeprefix(base)
        if len(relative) > 2 * max(len(unit), 1) and start - code.lines[line].start > len(base):
            lines.append(" " * max(0, len(relative) + moved) + text.lstrip())
        else:
            lines.append(unit + relative + text.lstrip())
    return lines


def _starts_paragraph(draft: Draft, statement: cst.CSTNode, line: int) -> bool:
    """Whether only a blank line or the head of a function will stand above STATEMENT.

    Formatters want a blank line between the head of any other block and a definition.
    """
    code = draft.code
    block = code.block(statement)
    earlier = [code.first_line(sibling) for sibling in block.body if code.first_line(sibling) < line]
    if any(not draft.is_deleted(first) for first in earlier):
        return code.is_blank(line - 1)
    owner = code.parent(block)
    if isinstance(owner, cst.Try) and draft.is_deleted(code.first_line(owner)):
        return _starts_paragraph(draft, owner, code.first_line(owner))
    return isinstance(owner, cst.FunctionDef)
