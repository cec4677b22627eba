"""CEL615: times of tasks that Celery reads otherwise than they are meant."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Severity, Span
from celery_lint.project.calls.clocks import Kind, Moment, Timed, timed, unclear
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, WARNING, rule

# What ruff's DTZ rules say about the same call.
_TWINS: dict[Kind, str] = {
    "now": "DTZ005",
    "today": "DTZ002",
    "datetime": "DTZ001",
    "date": "DTZ011",
    "timestamp": "DTZ006",
    "parsed": "DTZ007",
}


@rule(
    "CEL615", "ambiguous-eta", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe",
    twins=("DTZ001", "DTZ002", "DTZ005", "DTZ006", "DTZ007", "DTZ011"),
)  # fmt: skip
def check(project: Project) -> Iterator[Finding]:
    """A naive `eta` or `expires` is read as UTC; of `eta` and `countdown` only one counts."""
    for call in timed(project):
        yield from _of_call(call, project)


def _of_call(call: Timed, project: Project) -> Iterator[Finding]:
    if all(_is_given(call, name, project) for name in ("eta", "countdown")):
        message = "`eta` has no effect beside `countdown`, which wins without a word; keep one of them"
        yield _finding(call, message, call.times["eta"])
        return
    for name in ("eta", "expires", "countdown"):
        placed = call.times.get(name)
        moment = unclear(placed, project.evaluator) if placed is not None else None
        if placed is None or moment is None:
            continue
        if name == "countdown" or moment.kind == "delta":
            if moment.kind == "delta":
                yield _finding(call, _of_delta(name), placed, severity=ERROR)
        elif not project.twins.selected(_TWINS[moment.kind], moment.made.path):
            yield _naive(call, name, placed, moment)


def _is_given(call: Timed, name: str, project: Project) -> bool:
    placed = call.times.get(name)
    return placed is not None and project.evaluator.scalar(placed) != Known(None)


def _finding(call: Timed, message: str, placed: Placed, severity: Severity | None = None) -> Finding:
    place = Location(placed.path, placed.span)
    return check.finding(f"{message} (sending `{call.task.name}`)", place, call.task.entity, severity=severity)


def _of_delta(name: str) -> str:
    instead = "use `countdown=` with seconds" if name == "eta" else "give seconds: `.total_seconds()`"
    raised = "AttributeError" if name == "eta" else "TypeError"
    return f"`{name}` is given a timedelta, which raises {raised} when it is sent; {instead}"


def _naive(call: Timed, name: str, placed: Placed, moment: Moment) -> Finding:
    remedy = _remedy(moment)
    what = "is a date without a time" if moment.kind == "date" else "says no time zone"
    return check.finding(
        f"`{name}` {what}, and Celery reads it as UTC, whatever `timezone` says: `{call.task.name}` "
        + ("is sent for another hour than meant; " if name == "eta" else "expires hours early or late; ")
        + "use `datetime.now(timezone.utc)`, or another time with a zone",
        Location(placed.path, placed.span),
        call.task.entity,
        remedy=remedy,
        withheld=None if remedy is not None else "which time zone is meant is yours to say",
    )


def _remedy(moment: Moment) -> EditCode | None:
    """`datetime.now()` becomes `datetime.now(timezone.utc)`."""
    if moment.kind != "now":
        return None
    end = moment.made.span.end - 1
    zone = Replacement(Span(end, end), "", "${datetime:timezone}.utc")
    return EditCode(moment.made.path, "Take the time in UTC", (zone,), ("datetime:timezone",))
