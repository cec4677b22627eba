"""An `async def` task becomes a plain one in front of its coroutine.

@app.task
def send(to):
    return asyncio.run(_send_async(to))


async def _send_async(to):
    …
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top, ensure_import
from celery_lint.fix.names import Names
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import WrapAsyncTask


def rewrite(remedy: WrapAsyncTask, files: Files) -> Rewrite:
    """The edits that rename the coroutine of one task and define a task of the old name that runs it."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    code = draft.code
    function = _function(code, remedy)
    name = function.name.value
    inner = f"_{name.lstrip('_')}_async"
    _check(code, function, inner)
    run = bound_at_top(code, "asyncio", "run") if bound_at_top(code, "asyncio") is None else None
    called = run or f"{ensure_import(draft, 'asyncio')}.run"
    _put_task(draft, function, f"{called}({inner}({', '.join(_passed_on(function.params))}))")
    for reference in _awaited(code, function):
        draft.replace(code.extent(reference), inner)
    draft.replace(code.extent(function.name), inner)
    return Rewrite("Run the coroutine from a plain task", Applicability.UNSAFE, drafts.edits())


def _function(code: Code, remedy: WrapAsyncTask) -> cst.FunctionDef:
    start = code.character(remedy.function.start)
    for function in code.nodes(cst.FunctionDef):
        if start in (code.definition(function).start, code.extent(function).start):
            return function
    raise Withheld("the code is not where the rule saw it")


def _check(code: Code, function: cst.FunctionDef, inner: str) -> None:
    name, line = function.name.value, code.number(function)
    if isinstance(code.function(function), cst.ClassDef):
        raise Withheld(f"`{name}` is a method (line {line})")
    if len(function.decorators) > 1:
        raise Withheld(f"`{name}` has other decorators that may expect a coroutine (line {line})")
    if inner in Names(code).used:
        raise Withheld(f"the name `{inner}` is taken")
    for kind in (cst.Yield,):
        for node in code.nodes(kind, function.body):
            if code.function(node) is function:
                raise Withheld(f"`{name}` is an asynchronous generator (line {line})")


def _awaited(code: Code, function: cst.FunctionDef) -> Iterator[cst.Name]:
    """Where the file awaits the coroutine itself: there it has to be called by its new name."""
    for awaited in code.nodes(cst.Await):
        call = awaited.expression
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == function.name.value:
            yield call.func


def _passed_on(parameters: cst.Parameters) -> Iterator[str]:
    """The arguments that hand all PARAMETERS on."""
    for parameter in (*parameters.posonly_params, *parameters.params):
        yield parameter.name.value
    if isinstance(parameters.star_arg, cst.Param):
        yield f"*{parameters.star_arg.name.value}"
    for parameter in parameters.kwonly_params:
        yield f"{parameter.name.value}={parameter.name.value}"
    if parameters.star_kwarg is not None:
        yield f"**{parameters.star_kwarg.name.value}"


def _put_task(draft: Draft, function: cst.FunctionDef, call: str) -> None:
    """Define the task where the coroutine stands, with its signature and docstring."""
    code = draft.code
    start = code.extent(function).start
    line = code.line(start)
    indent, unit = code.indent(line), _unit(code, function)
    signature = code.text[code.extent(function.name).start : _colon(code, function)]
    docstring = _docstring(draft, function)
    body = f"{indent}{unit}return {call}\n"
    if docstring is not None:
        body = f"{indent}{unit}{docstring}\n{body}"
    gap = "\n" if indent else "\n\n"
    draft.insert(start, f"def {signature}:\n{body}{gap}{indent}")


def _unit(code: Code, function: cst.FunctionDef) -> str:
    if isinstance(function.body, cst.IndentedBlock) and function.body.indent is not None:
        return function.body.indent
    return code.unit


def _colon(code: Code, function: cst.FunctionDef) -> int:
    """Where the colon of the `def` stands."""
    if function.returns is not None:
        end = code.extent(function.returns).end
    else:
        end = max(code.extent(function.params).end, code.extent(function.name).end)
    return code.text.index(":", end)


def _docstring(draft: Draft, function: cst.FunctionDef) -> str | None:
    """The docstring as it is written, taken out of the coroutine."""
    code = draft.code
    first = function.body.body[0]
    if not isinstance(first, cst.SimpleStatementLine) or len(first.body) != 1 or len(function.body.body) < 2:
        return None
    small = first.body[0]
    if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.SimpleString | cst.ConcatenatedString):
        return None
    last = code.last_line(first)
    start, end = code.extent(small)
    comment = code.comments.get(last)
    if comment is not None:
        draft.replace(Extent(start, comment.start), "")
        return code.text[start:end]
    draft.delete_lines(code.first_line(first), last)
    while code.is_blank(last + 1):
        last += 1
        draft.delete_lines(last, last)
    return code.text[start:end]
