"""LINK: which tasks run on another event loop each time, and which run coroutines side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import Task

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# Each task may run in another thread (or greenlet, which asyncio takes for one), and so with another current loop.
_MANY_THREADS = GREEN | {"threads"}
# What makes coroutines of one loop take turns, by its last name.
_SIDE_BY_SIDE = frozenset({
    "gather", "create_task", "ensure_future", "as_completed", "wait", "TaskGroup", "create_task_group", "start_soon",
    "run_coroutine_threadsafe", "call_soon", "call_later",
})  # fmt: skip


def has_own_loop(task: Task, project: Project) -> bool:
    """Whether TASK runs on another loop each time; one that is kept for the next run keeps the connections working.

    What makes `async def` tasks work (`celery_aio_pool` and the like) runs them all on the one loop of the process.
    """
    if task.is_async or task.function is None:
        return False
    uses = [project.loops.use(function) for function in project.reach.explored_from(task.function)]
    if any(use.entries or "call" in use.lifetimes for use in uses):
        return True
    return any("thread" in use.lifetimes for use in uses) and _loses_its_loop(task, project)


def runs_side_by_side(task: Task, project: Project) -> bool:
    """Whether coroutines of TASK run side by side, on one loop or on those of several threads, so that one of them may
    find a lock taken. In a process of its own, one after the other, none ever does."""
    if _shares_its_process(task, project) or task.function is None:
        return True
    symbols = project.symbols
    return any(
        last_name(call.callee) in _SIDE_BY_SIDE
        for function in project.reach.explored_from(task.function)
        for call in symbols.index(function).calls(symbols.fact(function))
    )


def _shares_its_process(task: Task, project: Project) -> bool:
    """Whether TASK runs in pool threads or greenlets."""
    workers = [worker for worker in project.workers if project.may_run(worker, task)]
    return any(isinstance(worker.pool, Known) and worker.pool.value in _MANY_THREADS for worker in workers)


def _loses_its_loop(task: Task, project: Project) -> bool:
    """Whether `get_event_loop()` may give TASK another loop than the last time: it runs in pool threads or greenlets,
    or some other run in the worker leaves the thread without its loop; what runs in the workers of another
    application does not matter."""
    if _shares_its_process(task, project):
        return True
    apps = set(project.apps_of(task))
    beside = (
        reached
        for reached in project.reached.values()
        if not reached.in_loop and (reached.task is None or apps.intersection(project.apps_of(reached.task)))
    )
    uses = (project.loops.use(reached.function) for reached in beside)
    return any(use.entries or "call" in use.lifetimes for use in uses)
