"""CEL617: sending what is no task."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Function, Name
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import FunctionRef, Internal
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_SENDS = Pattern(rb"\.\s*(?:delay|apply_async)(?:_on_commit)?\s*\(")
_CELERY = Pattern(rb"celery")
_SIGNS = Pattern(rb"\.\s*si?\s*\(")
_METHODS = frozenset({"delay", "apply_async", "s", "si", "delay_on_commit", "apply_async_on_commit"})


@rule("CEL617", "delay-on-plain-function", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`.delay()` on a function that is no task."""
    for path in _paths(project.files):
        for call in project.index(path).calls_named(*_METHODS):
            callee = call.callee
            owner, _, method = callee.ref.rpartition(".") if isinstance(callee, Name) else ("", "", "")
            function = _plain_function(path, owner, method, project) if owner else None
            if function is not None:
                yield _finding(Location(path, call.span), function, method, project)


def _paths(files: Files) -> list[str]:
    """The files that are worth reading: `.s(` alone is a method of many things that are not Celery's."""
    found = {*files.mentioning(_SENDS), *files.mentioning_all(_CELERY, _SIGNS)}
    return [path for path in files.code_paths if path in found]


def _plain_function(path: str, owner: str, method: str, project: Project) -> FunctionRef | None:
    """The undecorated function of the project that OWNER, in PATH, surely is."""
    target = project.symbols.target(path, owner)
    if not isinstance(target, Internal) or not isinstance(target.fact, Function) or target.rest:
        return None
    ref, index = FunctionRef(target.path, target.fact.block), project.index(target.path)
    definitions = index.definitions.get(target.fact.qualname, [])
    if any(not isinstance(each, Function) or each.decorators for each in definitions) or not definitions:
        return None
    if ref in project.task_functions or index.class_of(target.fact) is not None:
        return None
    # `function.delay = …` gives it the method.
    return None if f"{target.fact.qualname}.{method}" in index.definitions else ref


def _finding(place: Location, ref: FunctionRef, method: str, project: Project) -> Finding:
    fact = project.symbols.fact(ref)
    return check.finding(
        f"`{fact.name}` is a plain {'`async def`' if fact.is_async else 'function'}, not a task: `.{method}` raises "
        "AttributeError when this runs; give it a task decorator, or call it",
        place,
        f"function:{ref.path}:{fact.qualname}",
        related=(Related(Location(ref.path, fact.name_span), "no task decorator"),),
    )
