"""CEL109: event loops run inside a running one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location
from celery_lint.project.code.expressions import within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

# What runs a coroutine in the thread that calls it, and refuses to where a loop runs already.
_REFUSING = frozenset({"asyncio.run", "asyncio.runners.run", "anyio.run", "uvloop.run"})
_WRAPPER = "asgiref.sync.async_to_sync"
# A function that asks whether a loop runs does something else when one does.
_ASKS = re.compile(rb"\b(?:get_running_loop|_get_running_loop|is_running|current_task|sniffio|current_async_library)\b")
_NESTED = Pattern(rb"\bnest_asyncio\b")


@rule("CEL109", "nested-event-loop", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Code that runs in a coroutine of a task runs a loop of its own."""
    if project.files.is_mentioned(_NESTED):
        return
    for reached in project.reached.values():
        if reached.in_loop and _is_called_in_it(reached, project):
            yield from _in_function(reached, project)


def _is_called_in_it(reached: Reached, project: Project) -> bool:
    """Whether a coroutine that somebody awaits, or the function itself, surely calls it: what is handed to somebody
    may run in a thread, and a task that is `async def` never runs (CEL104)."""
    if reached.task is None or (reached.task.is_async and project.native_async is None):
        return False
    for step in reversed(reached.steps):
        if project.symbols.fact(step.callee).is_async:
            return True
        if step.how != "call":
            return False
    return False


def _in_function(reached: Reached, project: Project) -> Iterator[Finding]:
    index, fact = project.index(reached.function.path), project.symbols.fact(reached.function)
    use = project.loops.use(reached.function)
    text = project.files.data(index.path)[fact.span.start : fact.span.end] if use.drives else b""
    if not use.drives or _ASKS.search(text) is not None:
        return
    for call in use.drives:
        name = _name(call, index, project)
        if (call in use.runs or name is not None) and not _depends(call, index):
            yield check.finding(
                f"`{reached.label}` {_what(reached)}, where a loop runs already, and "
                f"`{name or 'run_until_complete'}()` in it raises RuntimeError each time; await the coroutine there",
                Location(index.path, call.span),
                reached.entity,
                related=reached.path(),
            )
            return


def _what(reached: Reached) -> str:
    return "is a coroutine" if reached.is_async else f"only runs in a coroutine of {reached.root_label}"


def _name(call: Call, index: FileIndex, project: Project) -> str | None:
    """What CALL calls, when it runs a coroutine here and now."""
    name = project.symbols.external(index.path, call.callee)
    if name == _WRAPPER:
        return "async_to_sync" if any(other.callee is call for other in index.facts.calls) else None
    return name if name in _REFUSING else None


def _depends(call: Call, index: FileIndex) -> bool:
    """Whether CALL is only made when something is asked first, fails first, or when somebody calls a lambda."""
    for number in index.up(call.block):
        block = index.block(number)
        if block.kind == "function":
            return False
        if block.kind in ("except", "lambda", "else"):
            return True
        if block.kind == "if" and block.value is not None and any(isinstance(v, Call) for v in within(block.value)):
            return True
    return False
