"""CEL402: values of task options that fail later."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Location, Related
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App, Option, Setting, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import Limit, Source, limit_of
from celery_lint.project.tasks.option_values import Misuse, misuse, rate_misuse
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, WARNING, rule

# What goes wrong is not what was meant, but nothing fails.
_MILD = frozenset({"priority"})


@rule("CEL402", "invalid-option-value", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(project: Project) -> Iterator[Finding]:
    """The value of a task option fails when the application starts, when the task is sent, or in the worker."""
    seen: set[Location] = set()
    for task in project.tasks:
        for option in task.options.values():
            problem = misuse(option, task, project) if option.location not in seen else None
            if problem is not None:
                seen.add(option.location)
                yield _finding(task, option, problem, project)
        limits = _limits_of_task(task, project)
        if limits is not None:
            yield limits
    for app in project.apps:
        yield from _rate_of_all(app, project)
        yield from _limits_of_all(app, project)


def _finding(task: Task, option: Option, problem: Misuse, project: Project) -> Finding:
    return check.finding(
        f"`{option.name}` of task `{task.name}` {problem.why}",
        option.location,
        task.entity,
        severity=WARNING if option.name in _MILD else ERROR,
        remedy=_remedy(option.value, problem, project),
        withheld="what was meant cannot be told" if problem.meant is None else None,
    )


def _remedy(value: Placed, problem: Misuse, project: Project) -> EditCode | None:
    if problem.meant is None:
        return None
    old = project.files.data(value.path)[value.span.start : value.span.end].decode("utf-8", "replace")
    replacement = Replacement(value.span, old, problem.meant)
    return EditCode(value.path, f"Write `{problem.meant}`", (replacement,), applicability=Applicability.SAFE)


# a soft limit that is not below the hard one


def _limits_of_task(task: Task, project: Project) -> Finding | None:
    """At least one of the limits is the task's own."""
    for soft, hard in _pairs(task, project):
        own = next((limit for limit in (soft, hard) if limit.source in ("option", "base")), None)
        if own is not None and _is_above(soft, hard):
            return _too_high(f"task `{task.name}`", soft, hard, own.origin, task.entity)
    return None


def _pairs(task: Task, project: Project) -> Iterator[tuple[Limit, Limit]]:
    """The soft and the hard limit that hold for TASK in each of its applications, where both are known."""
    for app in project.apps_of(task):
        soft, hard = (limit_of(task, app, name, project) for name in ("soft_time_limit", "time_limit"))
        if isinstance(soft, Limit) and isinstance(hard, Limit):
            yield soft, hard
    options = [task.option(name) for name in ("soft_time_limit", "time_limit")]
    limits = [limit for option in options if option is not None for limit in _limit(option, "option", project)]
    if not project.apps_of(task) and len(limits) == 2:
        yield limits[0], limits[1]


def _limit(given: Option | Setting, source: Source, project: Project) -> Iterator[Limit]:
    known = project.evaluator.scalar(given.value)
    if isinstance(known, Known) and isinstance(known.value, int | float):
        origin = given.location if isinstance(given, Option) else given.origin
        yield Limit(Known(float(known.value), known.from_environment), source, origin)


def _is_above(soft: Limit, hard: Limit) -> bool:
    if not isinstance(soft.seconds, Known) or not isinstance(hard.seconds, Known):
        return False
    if soft.seconds.from_environment or hard.seconds.from_environment:
        return False
    return soft.seconds.value >= hard.seconds.value > 0


def _too_high(who: str, soft: Limit, hard: Limit, at: Location, entity: str) -> Finding:
    first, last = (limit.seconds.value if isinstance(limit.seconds, Known) else 0 for limit in (soft, hard))
    if first == last:
        end = "and its hard one is the same: it is killed before it can clean up; make the soft one shorter"
    else:
        end = f"above its hard one of {last:g} s: every `.delay()` raises ValueError"
    return check.finding(
        f"{who} has a soft time limit of {first:g} s, {end}",
        at,
        entity,
        related=tuple(Related(limit.origin, "the other limit") for limit in (soft, hard) if limit.origin != at),
        severity=WARNING if first == last else ERROR,
        withheld="which of the two is meant cannot be told",
    )


# the settings for all tasks


def _rate_of_all(app: App, project: Project) -> Iterator[Finding]:
    rate = app.settings.get("task_default_rate_limit")
    problem = rate_misuse(rate.value, project) if rate is not None else None
    if rate is not None and problem is not None:
        yield check.finding(
            f"`task_default_rate_limit` {problem.why}",
            rate.origin,
            app.entity,
            remedy=_remedy(rate.value, problem, project),
            withheld="what was meant cannot be told" if problem.meant is None else None,
        )


def _limits_of_all(app: App, project: Project) -> Iterator[Finding]:
    settings = [app.settings.get(name) for name in ("task_soft_time_limit", "task_time_limit")]
    limits = [limit for setting in settings if setting is not None for limit in _limit(setting, "setting", project)]
    if len(limits) == 2 and _is_above(limits[0], limits[1]):
        yield _too_high(f"every task of `{app.name}`", limits[0], limits[1], limits[0].origin, app.entity)
