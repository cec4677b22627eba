"""CEL616: tasks that are sent long before their time."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.calls.clocks import Timed, seconds_ahead, timed
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.tasks.acknowledging import visibility
from celery_lint.rule import HIGH, WARNING, rule

# RabbitMQ closes the channel of a consumer that holds a message for longer (`consumer_timeout`).
_CONSUMER_TIMEOUT = 1800


@rule("CEL616", "long-eta", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A task that is sent long before its time waits in the memory of a worker."""
    for call in timed(project):
        yield from _of_call(call, project)


def _of_call(call: Timed, project: Project) -> Iterator[Finding]:
    ahead = _ahead(call, project)
    if ahead is None:
        return
    seconds, placed = ahead
    bounds = [_bound(app, project) for app in project.apps_of(call.task)] or [_elsewhere(project)]
    passed = [bound for bound in bounds if bound is not None and seconds > bound[0]]
    if not passed or len(passed) < len(bounds):
        return
    _, why, related = passed[0]
    yield check.finding(
        f"`{call.task.name}` is sent {_duration(seconds)} ahead: a worker takes the message and holds it until then; "
        f"{why}; keep the time in your database and let beat send what is due",
        Location(placed.path, placed.span),
        call.task.entity,
        related=related,
    )


def _ahead(call: Timed, project: Project) -> tuple[float, Placed] | None:
    """How long before its time the task is sent, and where that is said."""
    countdown, eta = call.times.get("countdown"), call.times.get("eta")
    if countdown is not None:
        known = project.evaluator.scalar(countdown)
        value = known.value if isinstance(known, Known) else None
        return (float(value), countdown) if isinstance(value, int | float) else None
    seconds = seconds_ahead(eta, project.evaluator) if eta is not None else None
    return (seconds, eta) if seconds is not None and eta is not None else None


def _bound(app: App, project: Project) -> tuple[float, str, tuple[Related, ...]] | None:
    """From when on the broker of APP does something about a message that is held, and what; None: it never does."""
    broker = project.transports.broker(app)
    if isinstance(broker, Known) and broker.value in ("redis", "sqs"):
        visible = visibility(app, project)
        if visible is None:
            return None
        at = (Related(visible.origin, "the visibility timeout"),) if visible.origin is not None else ()
        name = "Redis" if broker.value == "redis" else "SQS"
        return visible.seconds, f"after {visible.seconds:g} s {name} delivers it again, and it runs more than once", at
    if isinstance(broker, Known) and broker.value == "amqp":
        if project.mentions("quorum"):
            return None
        why = "after 30 minutes RabbitMQ takes the channel from that worker, with all it holds"
        return max(_CONSUMER_TIMEOUT, project.options.max_eta), why, ()
    return _elsewhere(project)


def _elsewhere(project: Project) -> tuple[float, str, tuple[Related, ...]]:
    why = "nobody sees it in a queue or can change it meanwhile, and many brokers deliver it again after a while"
    return project.options.max_eta, why, ()


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:g} seconds"
