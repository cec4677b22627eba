"""CEL101: a loop that is looked up where none may be."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.event_loops.loops import GETTERS
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_MAKERS = frozenset({"asyncio.new_event_loop", "asyncio.events.new_event_loop", "uvloop.new_event_loop"})


@rule("CEL101", "get-event-loop-in-task", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`asyncio.get_event_loop()` in worker code, where there may be no loop."""
    if project.options.asyncio_bridge == "persistent-loop":
        return
    for reached in project.reached.values():
        yield from _in_function(reached, project)
    yield from _at_import(project)


def _in_function(reached: Reached, project: Project) -> Iterator[Finding]:
    use = project.loops.use(reached.function)
    if reached.in_loop or use.runs or _only_hands_it_on(reached, project):
        return
    index = project.index(reached.function.path)
    makes_one = any(
        project.symbols.external(index.path, call.callee) in _MAKERS and "except" in index.kinds(call.block)
        for call in index.calls(project.symbols.fact(reached.function))
    )
    for call in use.getters:
        # `try: get_event_loop() except RuntimeError: new_event_loop()` is ready for that.
        if makes_one and "try" in index.kinds(call.block):
            continue
        yield check.finding(
            f"{_where(reached)} calls `asyncio.get_event_loop()`: {_consequence(reached, project)}",
            Location(reached.function.path, call.span),
            reached.entity,
            related=reached.path(),
        )


def _where(reached: Reached) -> str:
    is_helper = bool(reached.steps) or reached.is_hook
    return f"`{reached.label}`, which runs in a worker," if is_helper else reached.root_label


def _consequence(reached: Reached, project: Project) -> str:
    pools = _pools(reached, project)
    if pools and pools <= {"threads"}:
        return "its worker uses threads, and a pool thread has no loop, so every run raises RuntimeError"
    if pools and pools <= {"gevent", "eventlet"}:
        return "on its gevent or eventlet worker there is no loop, so every run raises RuntimeError"
    return "it raises RuntimeError in pool threads, after any `asyncio.run()` in the process, and on Python 3.14"


def _pools(reached: Reached, project: Project) -> frozenset[str]:
    found = [project.pools_of(task) for task in project.tasks_reaching(reached.function)]
    return frozenset(pool for pools in found if pools is not None for pool in pools)


def _only_hands_it_on(reached: Reached, project: Project) -> bool:
    """A helper that returns the loop is part of the functions that run it, and CEL102 reports those."""
    if not project.loops.returns_loop(reached.function):
        return False
    callers = [caller for caller in project.callers_of(reached.function) if caller != reached.function]
    return any(project.loops.use(caller).runs for caller in callers)


def _at_import(project: Project) -> Iterator[Finding]:
    """A loop taken while the worker imports the module is shared by everything that forks from it."""
    paths = {app.module_path for app in project.apps} | {task.location.path for task in project.tasks}
    for path in sorted(paths):
        index = project.index(path)
        for call in index.facts.calls:
            if index.is_import_time(call.block) and _gets_loop(project, path, call):
                yield check.finding(
                    "`asyncio.get_event_loop()` runs when the worker imports this module: all its processes and "
                    "threads share that one loop, and two tasks at a time raise RuntimeError",
                    Location(path, call.span),
                    f"module:{path}",
                    related=tuple(
                        Related(app.location, "the application") for app in project.apps if app.module_path == path
                    ),
                )


def _gets_loop(project: Project, path: str, call: Call) -> bool:
    return project.symbols.external(path, call.callee) in GETTERS and call.use != "receiver"
