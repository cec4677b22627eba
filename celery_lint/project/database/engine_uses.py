"""LINK: which tasks use the pooled asynchronous engines that outlive a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from celery_lint.project.database.engines import Engine, Engines
from celery_lint.project.model import Reached, Task

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# These notice no other loop as long as one thread runs them (reproduced on prefork and solo).
_LOOP_TOLERANT = frozenset({"psycopg", "psycopg_async", "aiosqlite"})


def used_by(project: Project) -> Iterator[tuple[Engine, tuple[Task, ...]]]:
    """Each pooled engine that outlives a run, with the tasks that use it from coroutines, on whatever loop."""
    if project.options.asyncio_bridge == "persistent-loop":
        return
    engines = Engines(project.files, project.evaluator)
    for engine in project.engines:
        if not engine.is_shared and (engine.function not in project.reached or engines.is_disposed(engine)):
            continue
        if any(engines.disposes(engine, reached) for reached in project.reached.values()):
            continue
        if engine.function is not None and any(map(engines.makes_unpooled, project.direct_callers(engine.function))):
            continue
        users = [reached for reached in project.reached.values() if reached.in_loop and engines.uses(engine, reached)]
        yield engine, _tasks(users, project)


def _tasks(users: list[Reached], project: Project) -> tuple[Task, ...]:
    reaching = {task for reached in users for task in project.tasks_reaching(reached.function)}
    return tuple(task for task in project.tasks if task in reaching)


def minds_loops(engine: Engine, task: Task, project: Project) -> bool:
    """Whether connections of ENGINE fail on another event loop than their first, where TASK runs."""
    if engine.driver not in _LOOP_TOLERANT:
        return True
    return "threads" in (project.pools_of(task) or frozenset())
