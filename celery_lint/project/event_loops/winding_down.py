"""LINK: runs of an event loop that only bring it to its end before it is closed."""

from __future__ import annotations

from celery_lint.facts.model import Call, Name, Value
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import Symbols

_ENDINGS = frozenset({"shutdown_asyncgens", "shutdown_default_executor"})
_WAITS = frozenset({"asyncio.gather", "asyncio.wait"})
_LEFT = frozenset({"asyncio.all_tasks", "asyncio.tasks.all_tasks", "asyncio.Task.all_tasks"})


def winds_down(call: Call, index: FileIndex, symbols: Symbols) -> bool:
    """Whether a `run_until_complete` CALL starts no work: it waits for the tasks that are left on the loop, or shuts
    its generators and its executor down."""
    argument = call.argument(0, "future")
    if argument is None or not isinstance(argument.value, Call):
        return False
    run = argument.value
    if last_name(run.callee) in _ENDINGS:
        return True
    if symbols.external(index.path, run.callee) not in _WAITS or not run.arguments:
        return False
    return _holds_left(run.arguments[0].value, call.block, index, symbols)


def _holds_left(value: Value, block: int, index: FileIndex, symbols: Symbols) -> bool:
    """Whether VALUE is what `asyncio.all_tasks()` returned, or a part of it."""
    if isinstance(value, Name) and value.ref.startswith("%"):
        assigned = [item.value for item in symbols.assigned(index.path, block, value.ref)]
        return bool(assigned) and all(each is not None and _asks(each, index, symbols) for each in assigned)
    return _asks(value, index, symbols)


def _asks(value: Value, index: FileIndex, symbols: Symbols) -> bool:
    calls = (inner for inner in within(value) if isinstance(inner, Call))
    return any(symbols.external(index.path, inner.callee) in _LEFT for inner in calls)
