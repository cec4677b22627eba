"""CEL213: limits that the pool does not enforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.deployment.purposes import is_for_development
from celery_lint.project.model import App, Worker
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, WARNING, rule

# celery/worker/request.py hands both limits to every pool; thread.py, solo.py and eventlet.py drop them,
# gevent.py keeps the hard one.
_IGNORES = {
    "time_limit": frozenset({"threads", "solo", "eventlet"}),
    "soft_time_limit": frozenset({"threads", "solo", "eventlet", "gevent"}),
    "max_tasks_per_child": frozenset({"threads", "solo", "eventlet", "gevent"}),
    "max_memory_per_child": frozenset({"threads", "solo", "eventlet", "gevent"}),
    "concurrency": frozenset({"solo"}),
}
_LIMITS = frozenset({"time_limit", "soft_time_limit"})
_SETTINGS = {
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
    "max_tasks_per_child": "worker_max_tasks_per_child",
    "max_memory_per_child": "worker_max_memory_per_child",
}
_NO_TERMINATE = frozenset({"threads", "solo"})
_REVOKES = Pattern(rb"\bterminate\s*=\s*True")


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
    pools = frozenset([worker.pool.value])
    words = command.invocation.options
    # `--concurrency=1` only says what solo does anyway.
    given = words if (worker.concurrency or 0) > 1 else words.keys() - {"concurrency"}
    for names in _ignored(pools, given):
        places = [Location(worker.location.path, words[name].span) for name in names]
        flags = [f"--{name.replace('_', '-')}" for name in names]
        yield _finding(flags, "", names, pools, places, f"worker:{worker.label}", _chosen_by(worker))


def _of_settings(app: App, project: Project) -> Iterator[Finding]:
    workers = [worker for worker in project.workers_of(app) if not _is_aside(worker)]
    pools = _pools(workers)
    if pools is None:
        return
    found = {name: setting for name, key in _SETTINGS.items() if (setting := app.settings.get(key)) is not None}
    for names in _ignored(pools, [name for name in found if _is_set(found[name].value, project)]):
        places, keys = [found[name].origin for name in names], [_SETTINGS[name] for name in names]
        on = f" on the workers of `{app.name}`"
        yield _finding(keys, on, names, pools, places, f"setting:{keys[0]}", _places(workers))


def _of_tasks(project: Project) -> Iterator[Finding]:
    for task in project.tasks:
        limits = (task.option(name) for name in ("time_limit", "soft_time_limit"))
        found = {limit.name: limit for limit in limits if limit is not None and _is_set(limit.value, project)}
        workers = [worker for worker in project.workers_for(task) or () if not _is_aside(worker)] if found else []
        pools = _pools(workers)
        for names in _ignored(pools, found) if pools is not None else ():
            places = [found[name].location for name in names]
            yield _finding(names, f" for `{task.name}`", names, pools, places, task.entity, _places(workers))


def _ignored(pools: frozenset[str], given: Iterable[str]) -> Iterator[list[str]]:
    """Those of the options GIVEN that all of POOLS ignore: the limits together, then what is about processes."""
    ignored = [name for name in _IGNORES if name in given and pools <= _IGNORES[name]]
    for is_limit in (True, False):
        names = [name for name in ignored if (name in _LIMITS) is is_limit]
        if names:
            yield names


def _is_set(value: Placed, project: Project) -> bool:
    return project.evaluator.scalar(value) != Known(None)


def _finding(
    shown: list[str],
    where: str,
    names: list[str],
    pools: frozenset[str] | None,
    places: list[Location],
    entity: str,
    related: tuple[Related, ...],
) -> Finding:
    """One finding for options that are ignored for the same reason, at the first of PLACES."""
    named = " and ".join(f"`{name}`" for name in shown)
    verb = "have" if len(shown) > 1 else "has"
    others = tuple(
        Related(place, f"`{name}` is ignored too") for name, place in zip(shown[1:], places[1:], strict=True)
    )
    return check.finding(
        f"{named} {verb} no effect{where}: {_why(names, pools or frozenset())}",
        places[0],
        entity,
        related=(*others, *related),
    )


def _of_revokes(project: Project) -> Iterator[Finding]:
    workers = [worker for worker in project.workers if not _is_aside(worker)]
    pools = _pools(workers)
    if pools is None or not pools <= _NO_TERMINATE:
        return
    for path in project.files.mentioning(_REVOKES):
        for call in project.index(path).facts.calls:
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


def _chosen_by(worker: Worker) -> tuple[Related, ...]:
    """The setting that chooses the pool of WORKER, where its command does not."""
    setting = worker.app.settings.get("worker_pool") if worker.app is not None else None
    if setting is None or (worker.invocation is not None and worker.invocation.pool not in (None, "prefork")):
        return ()
    return (Related(setting.origin, "`worker_pool` chooses the pool here"),)


def _named(pools: frozenset[str]) -> str:
    names = " and ".join(f"`{pool}`" for pool in sorted(pools))
    return f"the pool {names}" if len(pools) == 1 else f"the pools {names}"


def _why(names: list[str], pools: frozenset[str]) -> str:
    many = len(pools) > 1
    if "concurrency" in names:
        return f"{_named(pools)} runs one task at a time, in the process of the worker itself"
    if names[0] not in _LIMITS:
        none = "have no child processes" if many else "has no child processes"
        return f"{_named(pools)} {none} to replace; restart the container instead"
    if pools == {"gevent"}:
        return f"{_named(pools)} enforces the hard limit only; set `time_limit`, or use `gevent.Timeout`"
    ignores = f"{'ignore' if many else 'ignores'} {'them' if len(names) > 1 else 'it'}"
    return f"{_named(pools)} {ignores} without a word; use the timeouts of the clients, or `asyncio.timeout()`"
