"""CEL501: tasks that may run for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Mapping
from celery_lint.finding import Finding, Related
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import may_be_limited
from celery_lint.remedy import SetTimeLimits
from celery_lint.rule import HIGH, WARNING, rule

_POOL_NAMES = {"threads": "threads ignore", "solo": "the solo pool ignores", "eventlet": "eventlet ignores"}
_DEADLINES = frozenset(
    {"asyncio.timeout", "asyncio.wait_for", "async_timeout.timeout", "anyio.fail_after", "anyio.move_on_after"}
)


@rule("CEL501", "missing-time-limit", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe")
def check(app: App, project: Project) -> Iterator[Finding]:
    """No time limit: one hung task occupies a pool slot for ever."""
    if project.options.kind == "library":
        return
    tasks = [task for task in project.tasks if app in project.apps_of(task) and not _is_limited(task, app, project)]
    if not tasks:
        return
    if project.options.missing_time_limit == "per-task":
        yield from (_of_task(task, app, project) for task in tasks)
        return
    yield _of_app(app, tasks, project)


def _of_app(app: App, tasks: list[Task], project: Project) -> Finding:
    total = sum(1 for task in project.tasks if app in project.apps_of(task))
    nor = "does its only task" if total == 1 else f"do {_share(len(tasks), total)}"
    return check.finding(
        f"`{app.name}` sets no time limit, nor {nor}: a call that hangs occupies a pool slot for ever; "
        + _advice(app, tasks, project),
        app.location,
        app.entity,
        related=tuple(Related(task.location, f"task `{task.name}` has no limit") for task in tasks),
        remedy=_remedy(app, project),
        withheld=_withheld(app, project),
    )


def _share(some: int, total: int) -> str:
    return f"its {total} tasks" if some == total else f"{some} of its {total} tasks"


def _of_task(task: Task, app: App, project: Project) -> Finding:
    return check.finding(
        f"task `{task.name}` has no time limit: if it hangs it occupies a pool slot for ever; "
        + _advice(app, [task], project),
        task.location,
        task.entity,
        related=(Related(app.location, "nor does its application set one"),),
    )


def _advice(app: App, tasks: list[Task], project: Project) -> str:
    if all(_on_threads(task, project) for task in tasks):
        pools = frozenset[str]().union(*(project.pools_of(task) or () for task in tasks))
        ignoring = _POOL_NAMES.get(min(pools), "its pool")
        return f"{ignoring} Celery's limits, so use `asyncio.timeout()` or the clients' own timeouts"
    return "set `task_time_limit` (and `task_soft_time_limit` below it)"


def _is_limited(task: Task, app: App, project: Project) -> bool:
    return may_be_limited(task, app, project) or (_on_threads(task, project) and _has_deadline(task, project))


def _on_threads(task: Task, project: Project) -> bool:
    pools = project.pools_of(task)
    return pools is not None and pools <= {"threads", "solo", "eventlet"}


def _has_deadline(task: Task, project: Project) -> bool:
    if task.function is None:
        return False
    for function in project.reach.explored_from(task.function):
        index = project.index(function.path)
        if any(
            project.symbols.external(index.path, call.callee) in _DEADLINES
            for call in index.calls(project.symbols.fact(function))
        ):
            return True
    return False


def _withheld(app: App, project: Project) -> str | None:
    limits = project.options.time_limits
    if limits.soft is None and limits.hard is None:
        return "how long a task may take is yours to say: configure `time-limits = { soft = …, hard = … }`"
    if _remedy(app, project) is None:
        return "its settings stand in no call or dict that could take one more"
    return None


def _remedy(app: App, project: Project) -> SetTimeLimits | None:
    limits = project.options.time_limits
    if limits.soft is None and limits.hard is None:
        return None
    for placed in reversed(app.configured_at):
        call = placed.value
        if isinstance(call, Call) and not call.is_open:
            only = call.arguments[0].value if len(call.arguments) == 1 and call.arguments[0].keyword is None else None
            if isinstance(only, Mapping):
                return SetTimeLimits(placed.path, only.span, limits.soft, limits.hard, "mapping")
            if only is None or placed.value is app.call:
                return SetTimeLimits(placed.path, call.span, limits.soft, limits.hard, "keyword")
    return None
