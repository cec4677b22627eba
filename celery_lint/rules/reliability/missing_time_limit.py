"""CEL501: tasks that may run for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Mapping
from celery_lint.finding import Finding, Related
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import may_be_limited, pools_of_app
from celery_lint.remedy import SetTimeLimits
from celery_lint.rule import HIGH, WARNING, listed, rule

_POOL_NAMES = {"threads": "threads ignore", "solo": "the solo pool ignores", "eventlet": "eventlet ignores"}
_IGNORING = frozenset(_POOL_NAMES)
_DEADLINES = frozenset(
    {"asyncio.timeout", "asyncio.wait_for", "async_timeout.timeout", "anyio.fail_after", "anyio.move_on_after"}
)


@rule("CEL501", "missing-time-limit", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """No time limit: one hung task occupies a pool slot for ever."""
    if project.options.kind == "library":
        return
    sharing: dict[tuple[Task, ...], list[App]] = {}
    for app in project.apps:
        own = (task for task in project.tasks if app in project.apps_of(task))
        sharing.setdefault(tuple(task for task in own if not _is_limited(task, app, project)), []).append(app)
    for tasks, apps in sharing.items():
        if tasks and project.options.missing_time_limit == "per-task":
            yield from (_of_task(task, apps, project) for task in tasks)
        elif tasks:
            yield _of_apps(apps, tasks, project)


def _of_apps(apps: list[App], tasks: tuple[Task, ...], project: Project) -> Finding:
    """One finding for the applications that share these tasks, at the first that surely has workers."""
    app = next((app for app in apps if pools_of_app(app, project)), apps[0])
    others = [other for other in apps if other is not app]
    total = sum(1 for task in project.tasks if app in project.apps_of(task))
    its, sets = ("their", "set") if others else ("its", "sets")
    ignoring = _ignoring(_pools(apps, tasks, project))
    nor = f"does {its} only task" if total == 1 else f"do {_share(len(tasks), total, its)}"
    return check.finding(
        f"{listed([each.name for each in (app, *others)])} {sets} no time limit, nor {nor}: a call that hangs occupies "
        f"a pool slot for ever; {_advice(apps, tasks, project)}",
        app.location,
        app.entity,
        related=(
            *(Related(other.location, f"`{other.name}` sets none either") for other in others),
            *(Related(task.location, f"task `{task.name}` has no limit") for task in tasks),
        ),
        remedy=_remedy(app, project) if ignoring is None else None,
        withheld=_withheld(app, project) if ignoring is None else f"{ignoring} Celery's limits",
    )


def _share(some: int, total: int, its: str) -> str:
    return f"{its} {total} tasks" if some == total else f"{some} of {its} {total} tasks"


def _of_task(task: Task, apps: list[App], project: Project) -> Finding:
    return check.finding(
        f"task `{task.name}` has no time limit: if it hangs it occupies a pool slot for ever; "
        + _advice(apps, (task,), project),
        task.location,
        task.entity,
        related=tuple(Related(app.location, "nor does its application set one") for app in apps),
    )


def _advice(apps: list[App], tasks: tuple[Task, ...], project: Project) -> str:
    pools = _pools(apps, tasks, project)
    ignoring = _ignoring(pools)
    if ignoring is not None:
        return f"{ignoring} Celery's limits, so use `asyncio.timeout()` or the clients' own timeouts"
    if pools == {"gevent"}:
        return "set `task_time_limit` (gevent ignores the soft one)"
    return "set `task_time_limit` (and `task_soft_time_limit` below it)"


def _ignoring(pools: frozenset[str]) -> str | None:
    """Which pool ignores all limits, for people; None when one may enforce them."""
    return _POOL_NAMES[min(pools)] if pools and pools <= _IGNORING else None


def _pools(apps: list[App], tasks: tuple[Task, ...], project: Project) -> frozenset[str]:
    """The pools that are known to run TASKS: those that their queues lead to, else those of APPS."""
    by_task = [project.pools_of(task) for task in tasks]
    known = [pools for pools in by_task if pools is not None]
    if len(known) < len(by_task):
        known = [pools for app in apps if (pools := pools_of_app(app, project)) is not None]
    return frozenset[str]().union(*known)


def _is_limited(task: Task, app: App, project: Project) -> bool:
    return may_be_limited(task, app, project) or (_on_threads(task, app, project) and _has_deadline(task, project))


def _on_threads(task: Task, app: App, project: Project) -> bool:
    pools = project.pools_of(task) or pools_of_app(app, project)
    return pools is not None and pools <= _IGNORING


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
