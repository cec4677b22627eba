"""CEL408: prints where a logger belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call, Function, Name
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Known
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.remedy import LogInstead
from celery_lint.rule import HIGH, INFO, rule


@rule("CEL408", "print-in-task", since="0.1", severity=INFO, confidence=HIGH, fix="unsafe", twins=("T201",))
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """`print()` in a task goes to the log without the task's name, and always as WARNING."""
    prints = _prints(reached, project)
    if not prints or reached.label == "debug_task" or project.twins.selected("T201", reached.function.path):
        return
    if not _belongs_to_workers(reached, project):
        return
    first, *others = prints
    path = reached.function.path
    times = f" ({len(prints)} times)" if others else ""
    yield check.finding(
        f"`print()` in {reached.shown}{times}: a worker logs it {_level(reached, project)}, without the task's "
        "name; use a logger",
        Location(path, first.span),
        reached.entity,
        related=(*(Related(Location(path, call.span), "and here", again=True) for call in others), *reached.path()),
        remedy=LogInstead(path, tuple(call.span for call in prints), project.options.logger),
    )


def _level(reached: Reached, project: Project) -> str:
    """At what level Celery logs what tasks print: `worker_redirect_stdouts_level`."""
    apps = project.apps_of(reached.task) if reached.task is not None else project.apps
    settings = [app.settings.get("worker_redirect_stdouts_level") for app in apps]
    known = {project.evaluator.text(setting.value) for setting in settings if setting is not None}
    level = known.pop() if len(known) == 1 else None
    if isinstance(level, Known):
        return f"as {level.value}"
    # A setting that cannot be seen may be set.
    return "at one level for all" if any(app.settings.open for app in apps) else "as WARNING"


def _fact(reached: Reached, project: Project) -> Function:
    return project.symbols.fact(reached.function)


def _prints(reached: Reached, project: Project) -> list[Call]:
    """The prints of a function and of the functions inside it that run."""
    index, fact = project.index(reached.function.path), _fact(reached, project)
    inside = [other for other in index.inside(fact) if FunctionRef(index.path, other.block) in project.reached]
    found = [call for function in (fact, *inside) for call in index.calls(function) if _is_print(call)]
    return sorted(found, key=lambda call: call.span)


def _is_print(call: Call) -> bool:
    if not isinstance(call.callee, Name) or call.callee.ref != "builtins.print":
        return False
    return call.argument(None, "file") is None and not call.is_open


def _belongs_to_workers(reached: Reached, project: Project) -> bool:
    """Whether only workers run the function: what they start themselves, and helpers that nothing else calls.

    A function inside another one is part of that one.
    """
    if not reached.steps:
        return True
    is_inner = project.index(reached.function.path).function_at(_fact(reached, project).outer) is not None
    if is_inner or is_aside(reached.function.path):
        return False
    return _runs_in_workers(reached.function, project, frozenset())


def _runs_in_workers(function: FunctionRef, project: Project, seen: frozenset[FunctionRef]) -> bool:
    """Whether a worker starts FUNCTION itself, or nothing but such functions and their helpers call it.

    A function inside another one is part of that one. SEEN are the helpers that are being asked about.
    """
    index = project.index(function.path)
    outer = index.function_at(project.symbols.fact(function).outer)
    if outer is not None:
        return _runs_in_workers(FunctionRef(function.path, outer.block), project, seen)
    reached = project.reached.get(function)
    if reached is None:
        return False
    return function in seen or not reached.steps or _is_helper(function, project, seen | {function})


def _is_helper(function: FunctionRef, project: Project, seen: frozenset[FunctionRef]) -> bool:
    """A helper that nothing but worker code calls, and that is not handed around: not to a decorator either, which may
    make a command of it."""
    fact = project.symbols.fact(function)
    if project.index(function.path).class_of(fact) is not None or fact.decorators:
        return False
    paths = list(project.files.holding(fact.name))
    # A file that mentions it and calls nothing of that name need not be read to know that it is handed around.
    called = re.compile(rb"\b" + re.escape(fact.name.encode()) + rb"\s*\(")
    if any(path != function.path and not project.files.mentions(path, called) for path in paths):
        return False
    return all(_only_workers_call(function, path, project, seen) for path in paths)


def _only_workers_call(function: FunctionRef, path: str, project: Project, seen: frozenset[FunctionRef]) -> bool:
    """Whether every call of FUNCTION in PATH is in worker code, and there is one (or it is FUNCTION's own file)."""
    index = project.index(path)
    calls = [call for call in index.facts.calls if project.symbols.function(path, call.block, call.callee) == function]
    callers = {index.function_at(call.block) for call in calls}
    known = all(
        caller is not None and _runs_in_workers(FunctionRef(path, caller.block), project, seen) for caller in callers
    )
    return known and (bool(calls) or path == function.path)
