"""LINK: whether an exception leaves the task that raises it, or is caught on its way out."""

from __future__ import annotations

import builtins

from celery_lint.project.code.handlers import Handlers
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import ClassRef, External
from celery_lint.project.model import Reached


def leaves_task(cls: ClassRef, reached: Reached, block: int, handlers: Handlers) -> bool:
    """Whether an exception of the class CLS, raised in BLOCK of the function REACHED, surely comes out of the task, on
    the shortest way from there."""
    names = _names(cls, handlers)
    index = handlers.symbols.index(reached.function)
    if not _passes(index, block, names, handlers):
        return False
    # Who calls a function that is handed over may catch what it raises; a thread keeps it to itself.
    if any(step.how in ("given", "thread") for step in reached.steps):
        return False
    for step in reached.steps:
        caller = handlers.symbols.files.python(step.location.path)
        if not _passes(caller, caller.block_at(step.location.span.start), names, handlers):
            return False
    return True


def _passes(index: FileIndex, block: int, names: frozenset[str | ClassRef], handlers: Handlers) -> bool:
    for around in handlers.around(index, block):
        for handler in around:
            caught = handler.catches(names)
            if caught is None or (caught and not handlers.reraises(index, handler)):
                return False
            if caught:
                break
    return True


def _names(cls: ClassRef, handlers: Handlers) -> frozenset[str | ClassRef]:
    """Everything that catches an exception of the class CLS."""
    found: set[str | ClassRef] = set()
    for item in handlers.symbols.lineage(cls):
        found.add(item.name if isinstance(item, External) else item)
        known = getattr(builtins, item.name.removeprefix("builtins."), None) if isinstance(item, External) else None
        if isinstance(known, type):
            found |= {f"builtins.{base.__name__}" for base in known.__mro__}
    return frozenset(found)
