"""CEL103: asyncio under gevent or eventlet."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.event_loops.loops import LoopUse
from celery_lint.project.model import Task, Worker
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, INFO, MEDIUM, WARNING, listed, rule

_BRIDGES = Pattern(rb"\b(?:asyncio_gevent|aiogevent|aioeventlet)\b")
_REAL_THREADS = Pattern(rb"\.threadpool\b|\btpool\b")


@rule("CEL103", "asyncio-on-green-pool", since="0.1", severity=ERROR, confidence=HIGH)
def check(worker: Worker, project: Project) -> Iterator[Finding]:
    """A gevent or eventlet worker consumes tasks that drive asyncio."""
    if not isinstance(worker.pool, Known) or worker.pool.value not in GREEN or worker.concurrency == 1:
        return
    if project.files.is_mentioned(_BRIDGES):
        return
    driving = [(task, place) for task in project.tasks if (place := _drives(task, project)) is not None]
    certain = [(task, place) for task, place in driving if _serves(worker, task, project)]
    if certain:
        yield _finding(worker, certain, project, certain=True)
        return
    possible = [(task, place) for task, place in driving if project.may_run(worker, task)]
    if possible:
        yield _finding(worker, possible, project, certain=False)
        return
    shared = [task for task in project.tasks if task.is_async and project.may_run(worker, task)]
    if shared and project.native_async is not None:
        yield _shared_loop(worker, shared, project)


def _shared_loop(worker: Worker, tasks: list[Task], project: Project) -> Finding:
    """`async def` tasks that something from outside Celery runs on one loop: greenlets are of no use to them."""
    assert isinstance(worker.pool, Known)
    return check.finding(
        f"this {worker.pool.value} worker runs `async def` tasks ({listed([task.name for task in tasks])}), all on one "
        "event loop: greenlets add nothing to that, and whatever blocks the loop stops every task; use the pool that "
        f"comes with what runs them ({project.native_async} names it)",
        worker.location,
        f"worker:{worker.label}",
        related=tuple(Related(task.location, f"task `{task.name}`") for task in tasks),
        severity=INFO,
        confidence=MEDIUM,
    )


def _finding(worker: Worker, driving: list[tuple[Task, Location]], project: Project, *, certain: bool) -> Finding:
    assert isinstance(worker.pool, Known)
    pool = worker.pool.value
    names = listed([task.name for task, _ in driving])
    they, them = ("drives", "it") if len(driving) == 1 else ("drive", "them")
    runs = "runs" if certain else "may run"
    related = [Related(task.location, f"task `{task.name}`") for task, _ in driving]
    related += [Related(place, "drives asyncio here") for place in dict.fromkeys(place for _, place in driving)]
    return check.finding(
        f"this {pool} worker {runs} {names}, which {they} asyncio: all greenlets share one thread, so a second such "
        f"task at the same time raises RuntimeError; use `--pool=threads` or prefork for {them}",
        worker.location,
        f"worker:{worker.label}",
        related=tuple(related),
        severity=ERROR if certain else WARNING,
        confidence=HIGH if certain else MEDIUM,
    )


def _drives(task: Task, project: Project) -> Location | None:
    """Where a task, or what it reaches, runs a coroutine to its end.

    An `async def` task drives nothing: it is never run, or a tracer from outside Celery hands it to one loop that all
    tasks share, and greenlets may wait for that side by side (reproduced with `celery_aio_pool`).
    """
    if task.function is None or task.is_async:
        return None
    for function in project.reach.explored_from(task.function):
        use: LoopUse = project.loops.use(function)
        calls = [call for call in use.drives if not _in_real_thread(function.path, project)]
        if calls:
            return Location(function.path, calls[0].span)
    return None


def _in_real_thread(path: str, project: Project) -> bool:
    return project.files.mentions(path, _REAL_THREADS)


def _serves(worker: Worker, task: Task, project: Project) -> bool:
    """Whether the worker surely consumes a queue that the task goes to."""
    return worker.app_is_known and any(
        worker.app is app
        and (queues := project.queues_of(task, app)) is not None
        and all(project.consumes(worker, queue) for queue in queues)
        for app in project.apps_of(task)
    )
