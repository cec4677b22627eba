"""Where a project uses names of Celery: imports, and names reached through `import celery`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from celery_lint.celery_versions import Change
from celery_lint.facts.model import Call, Import, Name
from celery_lint.finding import Applicability, Span
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement

_CELERY = Pattern(rb"\bcelery\b")
# A module of the project that `import celery` finds first.
_SHADOWING = frozenset({"celery.py", "celery/__init__.py", "src/celery/__init__.py"})
_GUARDS = frozenset({"try", "except", "if", "else"})


class ApiUse(Struct, frozen=True):
    """One use of NAME, which CHANGE is about, at SPAN of PATH.

    STATEMENT is the whole import when it imports nothing else and stands on one line; BINDS the name that the file has
    for it then. FAILING says how it fails where NAME is gone.
    """

    name: str
    change: Change
    path: str
    span: Span
    failing: str
    statement: Span | None = None
    binds: str | None = None


def api_uses(known: Mapping[str, Change], project: Project) -> Iterator[ApiUse]:
    """The uses of names that KNOWN is about (or that are in a module it is about); not what a `try` or `if` guards."""
    if _SHADOWING & project.files.known:
        return
    for path in project.files.mentioning(_CELERY):
        index = project.index(path)
        found = [use for item in index.facts.imports for use in _imported(item, known, index, project)]
        yield from found
        if not found:
            yield from _decorators(known, index, project)


def _imported(item: Import, known: Mapping[str, Change], index: FileIndex, project: Project) -> Iterator[ApiUse]:
    name = _known_name(item.target, known)
    if name is None or _GUARDS & {index.block(block).kind for block in index.up(item.block)}:
        return
    is_module = item.name is None or item.module in known or _known_name(item.module, known) is not None
    failing = "the import fails with a ModuleNotFoundError" if is_module else "the import fails with an ImportError"
    statement = _statement(item, project.files.data(index.path))
    bound = item.alias or (item.name if item.name != "*" else None)
    yield ApiUse(name, known[name], index.path, item.span, failing, statement, bound)


def _known_name(target: str, known: Mapping[str, Change]) -> str | None:
    """TARGET, or the module around it that KNOWN is about."""
    while target:
        if target in known:
            return target
        target = target.rpartition(".")[0]
    return None


def _statement(item: Import, data: bytes) -> Span | None:
    """The statement of an import, when it is `from module import name` alone on its line."""
    start = data.rfind(b"\n", 0, item.span.start) + 1
    end = data.find(b"\n", item.span.end)
    end = end if end >= 0 else len(data)
    line = data[start:end]
    plain = re.match(rb"[ \t]*(from[ \t]+[\w.]+[ \t]+import[ \t]+\w+(?:[ \t]+as[ \t]+\w+)?)[ \t]*(?:#.*)?\r?$", line)
    return Span(start + plain.start(1), start + plain.end(1)) if plain is not None else None


def _decorators(known: Mapping[str, Change], index: FileIndex, project: Project) -> Iterator[ApiUse]:
    """`import celery` and `@celery.task`: the module has no such name."""
    for function in index.facts.functions:
        for decorator in function.decorators:
            callee = decorator.callee if isinstance(decorator, Call) else decorator
            name = project.symbols.external(index.path, callee) if isinstance(callee, Name) else None
            if name is not None and name in known and _imports_module(name, index):
                yield ApiUse(
                    name, known[name], index.path, callee.span, "the import of this file fails with an AttributeError"
                )


def _imports_module(name: str, index: FileIndex) -> bool:
    """Whether the first part of NAME is the module itself here: `import celery`."""
    first = name.partition(".")[0]
    return any(item.name is None and item.module == first for item in index.facts.imports)


def replaced_import(use: ApiUse, project: Project, applicability: Applicability) -> EditCode | None:
    """`from celery.task import task` becomes `from celery import shared_task as task`; None for what is no import of
    one name, or has no name that does the same."""
    module, _, name = use.change.replacement.rpartition(".")
    statement = use.statement
    if statement is None or not module or use.binds is None or use.binds[0].islower() != name[0].islower():
        return None
    new = f"from {module} import {name}" + (f" as {use.binds}" if use.binds != name else "")
    old = project.files.data(use.path)[statement.start : statement.end].decode("utf-8", "replace")
    replacement = Replacement(statement, old, new)
    return EditCode(use.path, f"Import `{name}` from `{module}`", (replacement,), applicability=applicability)
