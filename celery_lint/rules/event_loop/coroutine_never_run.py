"""CEL106: coroutines that nobody awaits."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location
from celery_lint.project.event_loops.awaitables import is_plain_coroutine
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_NEEDS_A_LOOP = frozenset({"asyncio.create_task", "asyncio.ensure_future"})


@rule("CEL106", "coroutine-never-run", since="0.1", severity=ERROR, confidence=HIGH, absorbs=("CEL406",))
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """A coroutine is created in worker code and never awaited or run."""
    if reached.is_async or reached.in_loop:
        return
    index, fact = project.index(reached.function.path), project.symbols.fact(reached.function)
    drives = bool(project.loops.use(reached.function).drives)
    for call in index.calls(fact):
        problem = _problem(call, reached, project, drives)
        if problem is not None:
            yield check.finding(
                problem, Location(reached.function.path, call.span), reached.entity, related=reached.path()
            )


def _problem(call: Call, reached: Reached, project: Project, drives: bool) -> str | None:
    path = reached.function.path
    name = project.symbols.external(path, call.callee)
    if name in _NEEDS_A_LOOP and call.use in ("discarded", "assigned") and not drives and project.native_async is None:
        short = name.rpartition(".")[2] if name is not None else ""
        return f"`asyncio.{short}()` in synchronous worker code: no event loop runs here, so it raises RuntimeError"
    if call.use != "discarded" and not (call.use == "returned" and _is_task_body(reached, call, project)):
        return None
    function = project.symbols.function(path, call.block, call.callee)
    if function is None or not is_plain_coroutine(project.symbols.fact(function)):
        return None
    called = project.symbols.fact(function).qualname
    if call.use == "returned":
        return f"the task returns the coroutine of `{called}()` without running it: its body never runs"
    return (
        f"`{called}()` is `async def` and nothing awaits it here: its body never runs; use `asyncio.run({called}(…))`"
    )


def _is_task_body(reached: Reached, call: Call, project: Project) -> bool:
    """Whether CALL returns from the task itself, not from a helper whose caller may run what it gets."""
    if reached.task is None or not reached.is_task:
        return False
    if not project.is_called_by_celery(reached.task):
        return False
    index = project.index(reached.function.path)
    return index.block(call.block).kind != "lambda"
