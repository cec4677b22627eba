"""CEL501: tasks that may run for ever."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from celery_lint.facts.model import Call, Mapping
from celery_lint.finding import Finding, Related
from celery_lint.project.code.refs import FunctionRef
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import may_be_limited
from celery_lint.project.tasks.pools import likely_pools
from celery_lint.remedy import SetTimeLimits
from celery_lint.rule import HIGH, WARNING, listed, rule

_POOL_NAMES = {"threads": "threads ignore", "solo": "the solo pool ignores", "eventlet": "eventlet ignores"}
_DEADLINES = frozenset(
    {"asyncio.timeout", "asyncio.wait_for", "async_timeout.timeout", "anyio.fail_after", "anyio.move_on_after"}
)


@rule("CEL501", "missing-time-limit", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """No time limit: one hung task occupies a pool slot for ever."""
    if project.options.kind == "library":
        return
    groups: dict[tuple[Task, ...], list[App]] = {}
    deadlines = _Deadlines(project)
    for app in project.apps:
        its_own = [task for task in project.tasks if app in project.apps_of(task)]
        tasks = tuple(task for task in its_own if not _is_limited(task, app, project, deadlines))
        if tasks:
            groups.setdefault(tasks, []).append(app)
    if project.options.missing_time_limit == "per-task":
        seen = {task: apps[0] for tasks, apps in reversed(groups.items()) for task in tasks}
        yield from (_of_task(task, seen[task], project) for task in project.tasks if task in seen)
        return
    for tasks, apps in groups.items():
        yield _of_apps(sorted(apps, key=lambda app: not _runs_workers(app, project)), tasks, project)


def _runs_workers(app: App, project: Project) -> bool:
    """Whether something says that workers run APP, and not only senders or beat."""
    started = any(worker.app is app for worker in project.workers)
    return started or any(name.startswith("worker_") for name in app.settings.entries)


def _of_apps(apps: list[App], tasks: tuple[Task, ...], project: Project) -> Finding:
    """One finding for APPS that run the same TASKS: what one of them is given all of them need."""
    app, *others = apps
    total = sum(1 for task in project.tasks if app in project.apps_of(task))
    its = "their" if others else "its"
    ignoring = _ignoring(_pools(tasks, project))
    nor = f"does {its} only task" if total == 1 else f"do {_share(len(tasks), total, its)}"
    return check.finding(
        f"{listed([each.name for each in apps])} {'set' if others else 'sets'} no time limit, nor {nor}: a call that "
        f"hangs occupies a pool slot for ever; {_advice(tasks, project)}",
        app.location,
        app.entity,
        related=(
            *(Related(other.location, "nor does this application") for other in others),
            *(Related(task.location, f"task `{task.name}` has no limit") for task in tasks),
        ),
        remedy=_remedy(app, project) if ignoring is None else None,
        withheld=_withheld(app, project) if ignoring is None else f"{ignoring} Celery's limits",
    )


def _share(some: int, total: int, its: str) -> str:
    return f"{its} {total} tasks" if some == total else f"{some} of {its} {total} tasks"


def _of_task(task: Task, app: App, project: Project) -> Finding:
    return check.finding(
        f"task `{task.name}` has no time limit: if it hangs it occupies a pool slot for ever; "
        + _advice((task,), project),
        task.location,
        task.entity,
        related=(Related(app.location, "nor does its application set one"),),
    )


def _advice(tasks: tuple[Task, ...], project: Project) -> str:
    pools = _pools(tasks, project)
    ignoring = _ignoring(pools)
    if ignoring is not None:
        return f"{ignoring} Celery's limits, so use `asyncio.timeout()` or the clients' own timeouts"
    if pools == {"gevent"}:
        return "set `task_time_limit` (gevent ignores the soft one)"
    return "set `task_time_limit` (and `task_soft_time_limit` below it)"


def _pools(tasks: tuple[Task, ...], project: Project) -> frozenset[str]:
    return frozenset[str]().union(*(likely_pools(task, project) for task in tasks))


def _ignoring(pools: frozenset[str]) -> str | None:
    """Which of POOLS ignores all limits, for people; None when one of them enforces some."""
    return _POOL_NAMES[min(pools)] if pools and pools <= _POOL_NAMES.keys() else None


def _is_limited(task: Task, app: App, project: Project, deadlines: _Deadlines) -> bool:
    return may_be_limited(task, app, project) or (_on_threads(task, project) and task.function in deadlines.reaching)


def _on_threads(task: Task, project: Project) -> bool:
    return likely_pools(task, project) <= _POOL_NAMES.keys()


class _Deadlines:
    """The functions of worker code that set a deadline of their own."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def reaching(self) -> frozenset[FunctionRef]:
        """All functions that lead to one that does, itself included."""
        setting = filter(self._sets, self._project.reached)
        return frozenset[FunctionRef]().union(*(self._project.callers_of(function) for function in setting))

    def _sets(self, function: FunctionRef) -> bool:
        symbols = self._project.symbols
        calls = symbols.index(function).calls(symbols.fact(function))
        return any(symbols.external(function.path, call.callee) in _DEADLINES for call in calls)


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
