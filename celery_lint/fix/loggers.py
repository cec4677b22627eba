"""The logger of a module: the one it has, or a new one in its style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import libcst as cst
from msgspec import Struct

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top, ensure_import, has_imports, put_after_imports, put_first
from celery_lint.fix.names import Names, alias_of, written
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.scopes import is_taken

_FACTORIES = {
    "logging.getLogger": True,
    "celery.utils.log.get_task_logger": True,
    "structlog.get_logger": False,
    "structlog.getLogger": False,
    "structlog.stdlib.get_logger": False,
}
_USUAL = ("logger", "log", "LOGGER", "LOG", "_logger", "_log", "task_logger")


class Logger(Struct, frozen=True):
    """A logger in reach. LAZY: it formats `%s` arguments itself, as the standard library's loggers do."""

    name: str
    lazy: bool


def module_logger(code: Code, names: Names) -> Logger | None:
    """The logger that the module has, the one with the most usual name first."""
    found = {logger.name: logger for logger in _loggers(code, names)}
    for usual in _USUAL:
        if usual in found:
            return found[usual]
    return next(iter(found.values()), None)


def _loggers(code: Code, names: Names) -> Iterator[Logger]:
    for statement in code.module.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Assign | cst.AnnAssign):
                yield from _assigned(names, small)
            elif isinstance(small, cst.ImportFrom) and not isinstance(small.names, cst.ImportStar):
                bound = ((alias_of(alias) or written(alias.name)) for alias in small.names)
                yield from (Logger(name, lazy=False) for name in bound if name in _USUAL)


def _assigned(names: Names, assign: cst.Assign | cst.AnnAssign) -> Iterator[Logger]:
    target = assign.target if isinstance(assign, cst.AnnAssign) else assign.targets[0].target
    lazy = _FACTORIES.get(names.called(assign.value) or "") if assign.value is not None else None
    if isinstance(target, cst.Name) and lazy is not None:
        yield Logger(target.value, lazy)


def new_logger(draft: Draft, names: Names, style: Literal["auto", "stdlib", "task"]) -> Logger:
    """Define `logger` below the imports. STYLE `auto` is the one whose import the file has already."""
    if "logger" in names.used:
        raise Withheld("something else is called `logger` in this file")
    code = draft.code
    uses_task = bound_at_top(code, "celery.utils.log", "get_task_logger") is not None
    if style == "task" or (style == "auto" and uses_task):
        module, factory = "celery.utils.log", "get_task_logger"
    else:
        module, factory = "logging", "getLogger"
    if not has_imports(code):
        if is_taken(code, module, factory if style == "task" else None):
            raise Withheld(f"`{factory if style == 'task' else module}` is something else in this file")
        statement = f"from {module} import {factory}" if style == "task" else f"import {module}"
        factory = factory if style == "task" else f"{module}.{factory}"
        put_first(draft, statement, f"logger = {factory}(__name__)")
    else:
        put_after_imports(draft, f"logger = {_factory(draft, module, factory)}(__name__)")
    return Logger("logger", lazy=True)


def _factory(draft: Draft, module: str, factory: str) -> str:
    """How the function that makes loggers is called; imported when it is missing."""
    bound = bound_at_top(draft.code, module, factory)
    if bound is not None and bound_at_top(draft.code, module) is None:
        return bound
    return ensure_import(draft, module, factory) if module != "logging" else f"{ensure_import(draft, module)}.{factory}"
