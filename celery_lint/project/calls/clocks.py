"""LINK: points in time that the code writes down: how far ahead, and whether they say in which time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from celery_lint.facts.model import Attribute, Call, Choice, Name, Operation, Value
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import Task

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# now, today, datetime, timestamp, parsed: naive, by how they are made; date: no time at all; delta: a span of time.
Kind = Literal["now", "today", "datetime", "date", "delta", "timestamp", "parsed"]

_NAIVE: dict[str, tuple[Kind, str, int]] = {
    # By name: the keyword that makes it aware, and its position.
    "datetime.datetime.now": ("now", "tz", 0),
    "datetime.datetime.today": ("today", "", 99),
    "datetime.datetime": ("datetime", "tzinfo", 7),
    "datetime.datetime.fromtimestamp": ("timestamp", "tz", 1),
    "datetime.date.today": ("date", "", 99),
    "datetime.date": ("date", "", 99),
    "datetime.timedelta": ("delta", "", 99),
}
# With their positions in `Task.retry`.
_TIMES = {"eta": 4, "countdown": 5, "expires": None}
_DEPTH = 8


class Timed(Struct, frozen=True):
    """A place that sends TASK for later, or retries it: what it is given of `eta`, `countdown` and `expires`."""

    task: Task
    times: Mapping[str, Placed]


def timed(project: Project) -> Iterator[Timed]:
    """The places that send, sign or retry a task, or a canvas that starts with it, and say when."""
    for call in project.calls:
        times = {name: call.options[name] for name in _TIMES if name in call.options}
        if times:
            yield Timed(call.task, times)
    for sent in project.canvases.sent:
        times = {name: sent.options[name] for name in _TIMES if name in sent.options}
        if times and sent.signed is not None:
            yield Timed(sent.signed.call.task, times)
    for retry in project.retry_calls:
        given = {name: retry.call.argument(position, name) for name, position in _TIMES.items()}
        placed = Placed(retry.path, retry.call.block, retry.call)
        times = {name: placed.at(argument.value) for name, argument in given.items() if argument is not None}
        if times:
            yield Timed(retry.task, times)


class Moment(Struct, frozen=True):
    """A point in time that lacks a time zone (or is no point in time), and the call that makes it."""

    kind: Kind
    made: Placed


def unclear(placed: Placed, evaluator: Evaluator, depth: int = 0) -> Moment | None:
    """What is wrong with PLACED as a point in time; None when it is aware, or cannot be told."""
    placed = evaluator.follow(placed)
    value = placed.value
    if depth > _DEPTH:
        return None
    match value:
        case Choice(body=one, orelse=other):
            return unclear(placed.at(one), evaluator, depth + 1) or unclear(placed.at(other), evaluator, depth + 1)
        case Operation(operator="+" | "-", left=left, right=right):
            sides = [unclear(placed.at(side), evaluator, depth + 1) for side in (left, right)]
            return next((side for side in sides if side is not None and side.kind != "delta"), None)
        case Call():
            return _of_call(placed, value, evaluator, depth)
    return None


def _of_call(placed: Placed, call: Call, evaluator: Evaluator, depth: int) -> Moment | None:
    name = evaluator.symbols.external(placed.path, call.callee)
    if name in _NAIVE:
        kind, keyword, position = _NAIVE[name]
        is_aware = call.is_open or call.argument(position, keyword or None) is not None
        return None if is_aware else Moment(kind, placed)
    if name in ("datetime.datetime.strptime", "datetime.datetime.combine"):
        return _parsed(placed, call, name, evaluator)
    function = evaluator.symbols.function(placed.path, placed.block, call.callee)
    returned = evaluator.returned(function, placed, call) if function is not None else None
    if returned is not None:
        return unclear(returned, evaluator, depth + 1)
    # `datetime.now().replace(hour=0)` is as naive as before; `.replace(tzinfo=…)` and `.astimezone()` are not.
    if isinstance(call.callee, Attribute) and call.callee.name == "replace" and not call.is_open:
        inner = unclear(placed.at(call.callee.value), evaluator, depth + 1)
        return inner if call.argument(None, "tzinfo") is None else None
    return None


def _parsed(placed: Placed, call: Call, name: str, evaluator: Evaluator) -> Moment | None:
    """`strptime` with a format that has no zone; `combine` with a time that is naive for sure."""
    if call.is_open or call.argument(2, "tzinfo") is not None:
        return None
    second = call.argument(1, "format" if name.endswith("strptime") else "time")
    if second is None:
        return None
    if name.endswith("strptime"):
        layout = evaluator.text(placed.at(second.value))
        return Moment("parsed", placed) if isinstance(layout, Known) and "%z" not in layout.value.lower() else None
    time = second.value
    if not isinstance(time, Call):
        return None
    made = evaluator.symbols.external(placed.path, time.callee)
    is_plain = made == "datetime.time" and not time.is_open and time.argument(4, "tzinfo") is None
    is_edge = made in ("datetime.datetime.min.time", "datetime.datetime.max.time")
    return Moment("datetime", placed) if is_plain or is_edge else None


def seconds_ahead(placed: Placed, evaluator: Evaluator) -> float | None:
    """How many seconds after now PLACED is: `now() + timedelta(hours=2)`."""
    placed = evaluator.follow(placed)
    value = placed.value
    if not isinstance(value, Operation) or value.operator != "+":
        return None
    for one, other in ((value.left, value.right), (value.right, value.left)):
        delta = evaluator.scalar(placed.at(other))
        if _is_now(evaluator.follow(placed.at(one)).value) and isinstance(delta, Known):
            return float(delta.value) if isinstance(delta.value, int | float) else None
    return None


def _is_now(value: Value) -> bool:
    if not isinstance(value, Call) or not isinstance(value.callee, Name):
        return False
    return value.callee.ref.rpartition(".")[2].lstrip("@%") in ("now", "utcnow")
