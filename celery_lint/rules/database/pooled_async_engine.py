"""CEL301: connection pools that outlive their event loop."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.database.engine_uses import minds_loops
from celery_lint.project.database.engines import Engine, Engines
from celery_lint.project.event_loops.own_loops import has_own_loop
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import UseNullPool
from celery_lint.rule import ERROR, HIGH, MEDIUM, listed, rule


@rule("CEL301", "pooled-async-engine", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """An async engine with a connection pool is shared by tasks that each run their own event loop."""
    for engine, tasks in shared_by(project):
        yield _finding(engine, tasks, project)


def shared_by(project: Project) -> Iterator[tuple[Engine, tuple[Task, ...]]]:
    """Each pooled engine that tasks use from event loops of their own, with these tasks."""
    for engine, tasks in project.engine_uses:
        breaking = tuple(task for task in tasks if _breaks(engine, task, project))
        if breaking:
            yield engine, breaking


def _breaks(engine: Engine, task: Task, project: Project) -> bool:
    """Whether each run of TASK has a new event loop, and the engine's driver minds."""
    return has_own_loop(task, project) and minds_loops(engine, task, project)


def _finding(engine: Engine, tasks: tuple[Task, ...], project: Project) -> Finding:
    return check.finding(
        _message(engine, tasks),
        engine.location,
        f"engine:{engine.path}:{engine.call.target or ''}".replace("@", "").replace("%", ""),
        related=tuple(Related(task.location, f"task `{task.name}` uses it") for task in tasks),
        remedy=UseNullPool(engine.path, engine.call.span),
        withheld=_withheld(engine, tasks, project),
        confidence=HIGH if engine.is_shared else MEDIUM,
    )


def _message(engine: Engine, tasks: tuple[Task, ...]) -> str:
    run = f"{listed([task.name for task in tasks])} {'runs' if len(tasks) == 1 else 'run'}"
    if not engine.is_shared:
        return (
            f"an engine with a pool is made each time {run} and never disposed of: every run leaves its "
            "connections open; `await engine.dispose()` at the end, or use `poolclass=NullPool`"
        )
    return (
        f"this engine keeps connections from one event loop to the next, but {run} a new one each time: "
        "the second run fails with «attached to a different loop»; use `poolclass=NullPool` in workers"
    )


def _withheld(engine: Engine, tasks: tuple[Task, ...], project: Project) -> str | None:
    threads = next((task for task in tasks if "threads" in (project.pools_of(task) or frozenset())), None)
    if threads is not None:
        return (
            f"task `{threads.name}` runs on a threads worker, where a shared engine hangs with NullPool too; "
            "make the engine inside the coroutine"
        )
    web = Engines(project.files, project.evaluator).web_user(engine)
    if web is not None:
        return f"the web application uses this engine too ({web}) and needs its pool; give the workers their own engine"
    return None
