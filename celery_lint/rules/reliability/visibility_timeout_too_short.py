"""CEL511: messages that are delivered again while their task still runs."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.values import Known, Unknown
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.acknowledging import Visibility, acks_late, visibility
from celery_lint.project.tasks.limits import Limit, is_enforced, limit_of
from celery_lint.project.tasks.options import Given, given
from celery_lint.project.tasks.retrying import may_back_off, may_wait_by_default
from celery_lint.rule import ERROR, HIGH, WARNING, rule

_BROKERS = {"redis": "Redis", "sqs": "SQS"}
# What says how long retries wait, and whether it does so in a task.
_DELAYS = {"default_retry_delay": may_wait_by_default, "retry_backoff_max": may_back_off}


@rule("CEL511", "visibility-timeout-too-short", since="0.1", severity=WARNING, confidence=HIGH, absorbs=("CEL801",))
def check(app: App, project: Project) -> Iterator[Finding]:
    """Redis or SQS deliver a message again while its task still runs."""
    yield from _misplaced(app, project)
    visible = visibility(app, project)
    if visible is None:
        return
    tasks = [task for task in project.tasks if app in project.apps_of(task)]
    late = [task for task in tasks if acks_late(task, app, project) is not None]
    ends = {task: _end(task, app, project) for task in late}
    long = {task: end for task, end in ends.items() if isinstance(end, Limit) and _seconds(end) > visible.seconds}
    if long:
        yield _too_long(long, visible, app)
    elif visible.origin is None and (endless := [task for task, end in ends.items() if end is None]):
        yield _endless(endless, visible, app)
    yield from _delays(tasks, visible, app, project)


def _end(task: Task, app: App, project: Project) -> Limit | Unknown | None:
    """The limit that ends TASK at the latest."""
    found: list[Limit | Unknown] = []
    for name in ("time_limit", "soft_time_limit"):
        limit = limit_of(task, app, name, project) if is_enforced(task, name, project) is not False else None
        if isinstance(limit, Limit):
            return limit
        if limit is not None:
            found.append(limit)
    return found[0] if found else None


def _seconds(limit: Limit) -> float:
    return limit.seconds.value if isinstance(limit.seconds, Known) else 0


def _again(visible: Visibility) -> str:
    by_default = " (its default)" if visible.origin is None else ""
    return f"{_BROKERS[visible.broker]} delivers again what is not acknowledged after {visible.seconds:g} s{by_default}"


def _related(visible: Visibility) -> tuple[Related, ...]:
    return (Related(visible.origin, "the visibility timeout"),) if visible.origin is not None else ()


def _too_long(long: dict[Task, Limit], visible: Visibility, app: App) -> Finding:
    longest = max(long, key=lambda task: _seconds(long[task]))
    seconds = _seconds(long[longest])
    literal = all(isinstance(each.seconds, Known) and not each.seconds.from_environment for each in long.values())
    others = {limit.origin: task for task, limit in long.items() if limit.origin != long[longest].origin}
    return check.finding(
        f"`{longest.name}` may run for {seconds:g} s and is acknowledged late, but {_again(visible)}: it then runs a "
        f"second time, at the same time; set `visibility_timeout` in `broker_transport_options` above {seconds:g}",
        long[longest].origin,
        app.entity,
        related=(*_related(visible), *(Related(at, f"the limit of `{task.name}` too") for at, task in others.items())),
        severity=ERROR if literal and visible.is_certain else WARNING,
    )


def _endless(tasks: list[Task], visible: Visibility, app: App) -> Finding:
    named = f"`{tasks[0].name}` acknowledges" if len(tasks) == 1 else f"{len(tasks)} tasks acknowledge"
    return check.finding(
        f"{named} late, without a time limit, but {_again(visible)}: what takes longer runs again and again; "
        "set a time limit, and `visibility_timeout` in `broker_transport_options` above it",
        app.location,
        app.entity,
        related=tuple(Related(task.location, f"`{task.name}`") for task in tasks),
    )


def _delays(tasks: list[Task], visible: Visibility, app: App, project: Project) -> Iterator[Finding]:
    """Delays of retries: the worker holds the message, unacknowledged, until it is time."""
    seen: set[Location] = set()
    for task in tasks:
        for name, counts in _DELAYS.items():
            found = next(given(task, app, name, project), None)
            known = project.evaluator.scalar(found.value) if isinstance(found, Given) else None
            value = known.value if isinstance(known, Known) else None
            if not isinstance(found, Given) or not isinstance(value, int | float) or value <= visible.seconds:
                continue
            if found.origin not in seen and counts(task, project):
                seen.add(found.origin)
                yield check.finding(
                    f"`{name}={value:g}` of `{task.name}`: a worker holds the message of a retry until its time, but "
                    f"{_again(visible)}: the retry runs more than once; wait less, or raise `visibility_timeout`",
                    found.origin,
                    task.entity,
                    related=_related(visible),
                )


def _misplaced(app: App, project: Project) -> Iterator[Finding]:
    setting = app.settings.get("visibility_timeout")
    if setting is not None:
        yield check.finding(
            "nothing reads a setting `visibility_timeout`: it belongs into `broker_transport_options`",
            setting.origin,
            app.entity,
        )
    options = app.settings.get("result_backend_transport_options")
    visible = visibility(app, project)
    if options is None or visible is None or visible.origin is not None or visible.broker != "redis":
        return
    for key, place, _ in project.evaluator.entries(options.value):
        if key == Known("visibility_timeout"):
            yield check.finding(
                f"this `visibility_timeout` is for results only, and the broker keeps its own: {_again(visible)}; set "
                "it in `broker_transport_options` too",
                Location(place.path, place.span),
                app.entity,
            )
