"""CEL104: tasks that Celery never awaits."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import WrapAsyncTask
from celery_lint.rule import ERROR, HIGH, rule

_POOLS = frozenset({"prefork", "processes", "threads", "solo", "gevent", "eventlet"})


@rule("CEL104", "async-def-task", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """An `async def` task: Celery never awaits it, so its body never runs."""
    if not task.is_async or task.function is None or _something_awaits_it(task, project):
        return
    yield check.finding(
        f"task `{task.name}` is `async def`: Celery never awaits it, so its body never runs{_outcome(task)}",
        task.location,
        task.entity,
        remedy=WrapAsyncTask(task.location.path, project.symbols.fact(task.function).span, _is_bound(task, project)),
        withheld=_withheld(task, project),
    )


def _outcome(task: Task) -> str:
    ignored = task.option("ignore_result")
    if ignored is not None:
        return ", and without a result the worker logs it as succeeded"
    return " (it is logged as succeeded where results are ignored, and fails as not serialisable where they are kept)"


def _something_awaits_it(task: Task, project: Project) -> bool:
    """A decorator below, the project's own decorator, base or Celery class, or a pool that runs coroutines."""
    if not project.is_called_by_celery(task):
        return True
    return any(isinstance(worker.pool, Known) and worker.pool.value not in _POOLS for worker in project.workers)


def _is_bound(task: Task, project: Project) -> bool:
    option = task.option("bind")
    return option is not None and project.evaluator.scalar(option.value) == Known(True)


def _withheld(task: Task, project: Project) -> str | None:
    if (project.pools_of(task) or frozenset()) & GREEN:
        return "the task runs on a gevent or eventlet worker, where `asyncio.run()` fails"
    return None
