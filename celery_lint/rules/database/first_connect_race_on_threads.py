"""CEL307: engines that threads share while they connect for the first time."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.database.engines import Engine, Engines
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, WARNING, rule


@rule("CEL307", "first-connect-race-on-threads", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """An async engine without a pool is shared by the tasks of a threads worker."""
    if project.options.asyncio_bridge == "persistent-loop":
        return
    engines = Engines(project.files, project.evaluator)
    for engine in engines.find_unpooled():
        tasks = _tasks(engine, engines, project) if engine.is_shared else ()
        if tasks:
            yield _finding(engine, tasks, project)


def _tasks(engine: Engine, engines: Engines, project: Project) -> tuple[Task, ...]:
    """The tasks that use ENGINE from loops of their own in the threads of one worker."""
    users = [reached for reached in project.reached.values() if engines.uses(engine, reached)]
    # A signal's handler that uses the engine has connected before the first task.
    callers = {caller for user in users for caller in project.callers_of(user.function)}
    if any(
        project.reached[caller].task is None or engines.disposes(engine, project.reached[caller]) for caller in callers
    ):
        return ()
    reaching = {task for user in users if user.in_loop for task in project.tasks_reaching(user.function)}
    return tuple(task for task in project.tasks if task in reaching and _races(task, project))


def _races(task: Task, project: Project) -> bool:
    if task.function is None or task.is_async:
        return False
    workers = project.workers_for(task) or ()
    threads = [worker for worker in workers if getattr(worker.pool, "value", None) == "threads"]
    drives = any(project.loops.use(function).drives for function in project.reach.explored_from(task.function))
    return drives and any(worker.concurrency != 1 for worker in threads)


def _finding(engine: Engine, tasks: tuple[Task, ...], project: Project) -> Finding:
    names = ", ".join(f"`{task.name}`" for task in tasks[:3]) + (" and others" if len(tasks) > 3 else "")
    workers = {worker.location: worker for task in tasks for worker in project.workers_for(task) or ()}
    return check.finding(
        f"the threads that run {names} share this engine: when several make its first connection at once, one waits "
        "for ever for a lock of another event loop, `NullPool` or not; connect once in `worker_init`, or make the "
        "engine inside the coroutine",
        engine.location,
        f"engine:{engine.path}:{engine.call.target or ''}".replace("@", "").replace("%", ""),
        related=(
            *(Related(task.location, f"task `{task.name}` uses it") for task in tasks),
            *(Related(place, "runs them in threads") for place in workers),
        ),
    )
