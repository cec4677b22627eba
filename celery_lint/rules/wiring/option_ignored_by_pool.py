"""CEL213: limits that the pool does not enforce."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.deployment import is_for_development
from celery_lint.project.files import is_aside
from celery_lint.project.model import App, Worker
from celery_lint.project.project import Project
from celery_lint.project.values import Known, Placed
from celery_lint.rule import HIGH, WARNING, rule

# celery/worker/request.py hands both limits to every pool; thread.py, solo.py and eventlet.py drop them,
# gevent.py keeps the hard one.
_IGNORES = {
    "time_limit": frozenset({"threads", "solo", "eventlet"}),
    "soft_time_limit": frozenset({"threads", "solo", "eventlet", "gevent"}),
    "max_tasks_per_child": frozenset({"threads", "solo", "eventlet", "gevent"}),
    "max_memory_per_child": frozenset({"threads", "solo", "eventlet", "gevent"}),
}
_SETTINGS = {
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
    "max_tasks_per_child": "worker_max_tasks_per_child",
    "max_memory_per_child": "worker_max_memory_per_child",
}
_NO_TERMINATE = frozenset({"threads", "solo"})
_REVOKES = re.compile(rb"\bterminate\s*=\s*True")


@rule("CEL213", "option-ignored-by-pool", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """An option has no effect on the pool that it is given for."""
    for worker in project.workers:
        yield from _of_command(worker, project)
    for app in project.apps:
        yield from _of_settings(app, project)
    yield from _of_tasks(project)
    yield from _of_revokes(project)


def _of_command(worker: Worker, project: Project) -> Iterator[Finding]:
    command = next((c for c in project.commands if c.command is worker.command and worker.command), None)
    if command is None or not isinstance(worker.pool, Known):
        return
    for name, ignoring in _IGNORES.items():
        word = command.invocation.options.get(name)
        if word is not None and worker.pool.value in ignoring:
            yield check.finding(
                f"`--{name.replace('_', '-')}` has no effect: {_why(name, frozenset([worker.pool.value]))}",
                Location(worker.location.path, word.span),
                f"worker:{worker.label}",
            )


def _of_settings(app: App, project: Project) -> Iterator[Finding]:
    workers = [worker for worker in project.workers_of(app) if not _is_aside(worker)]
    pools = _pools(workers)
    if pools is None:
        return
    for name, setting_name in _SETTINGS.items():
        setting = app.settings.get(setting_name)
        if setting is None or not pools <= _IGNORES[name] or project.evaluator.scalar(setting.value) == Known(None):
            continue
        yield check.finding(
            f"`{setting_name}` has no effect on the workers of `{app.name}`: {_why(name, pools)}",
            setting.origin,
            f"setting:{setting_name}",
            related=_places(workers),
        )


def _of_tasks(project: Project) -> Iterator[Finding]:
    for task in project.tasks:
        options = [option for name in ("time_limit", "soft_time_limit") if (option := task.option(name)) is not None]
        workers = [worker for worker in project.workers_for(task) or () if not _is_aside(worker)] if options else []
        pools = _pools(workers)
        for option in options if pools is not None else ():
            assert pools is not None
            if pools <= _IGNORES[option.name] and project.evaluator.scalar(option.value) != Known(None):
                yield check.finding(
                    f"`{option.name}` of `{task.name}` has no effect: {_why(option.name, pools)}",
                    option.location,
                    task.entity,
                    related=_places(workers),
                )


def _of_revokes(project: Project) -> Iterator[Finding]:
    workers = [worker for worker in project.workers if not _is_aside(worker)]
    pools = _pools(workers)
    if pools is None or not pools <= _NO_TERMINATE:
        return
    for path in project.files.mentioning(_REVOKES):
        for call in project.index(path).facts.calls if not is_aside(path) else ():
            if _terminates(call, path, project):
                yield check.finding(
                    f"`terminate=True` stops nothing: {_named(pools)} cannot end a task that runs, and the "
                    "worker answers with NotImplementedError; let the task look for a cancel mark of its own",
                    Location(path, call.span),
                    f"function:{path}:revoke",
                    related=_places(workers),
                )


def _terminates(call: Call, path: str, project: Project) -> bool:
    argument = call.argument(None, "terminate")
    name = call.callee.ref.rpartition(".")[2] if isinstance(call.callee, Name) else getattr(call.callee, "name", "")
    if argument is None or name != "revoke":
        return False
    return project.evaluator.scalar(Placed(path, call.block, argument.value)) == Known(True)


def _is_aside(worker: Worker) -> bool:
    return worker.command is not None and is_for_development(worker.command)


def _pools(workers: list[Worker]) -> frozenset[str] | None:
    """The pools of WORKERS; None when there is no worker, or a pool is not known."""
    known = [worker.pool.value for worker in workers if isinstance(worker.pool, Known)]
    return frozenset(known) if known and len(known) == len(workers) else None


def _places(workers: list[Worker]) -> tuple[Related, ...]:
    return tuple(
        Related(worker.location, f"this worker runs {worker.pool.value}")
        for worker in workers
        if isinstance(worker.pool, Known)
    )


def _named(pools: frozenset[str]) -> str:
    names = " and ".join(f"`{pool}`" for pool in sorted(pools))
    return f"the pool {names}" if len(pools) == 1 else f"the pools {names}"


def _why(name: str, pools: frozenset[str]) -> str:
    many = len(pools) > 1
    if name.startswith("max_"):
        none, verb = "have no child processes" if many else "has no child processes", "replace"
        return f"{_named(pools)} {none} to {verb}; restart the container instead"
    verb = "ignore" if many else "ignores"
    if pools == {"gevent"}:
        return f"{_named(pools)} enforces the hard limit only; set `time_limit`, or use `gevent.Timeout`"
    return f"{_named(pools)} {verb} it without a word; use the timeouts of the clients, or `asyncio.timeout()`"
