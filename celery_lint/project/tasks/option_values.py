"""Values of task options that Celery accepts when the task is declared, and fails with later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from celery_lint.facts.model import Call, Literal, Name
from celery_lint.project.code.symbols import ClassRef, External
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Option, Task
from celery_lint.project.project import Project

_EXCEPTION = re.compile(r"(?:Error|Exception|Timeout|Warning|Failure|Interrupt)$")
# celery/utils/time.py: RATE_MODIFIER_MAP, and what people write instead.
_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hour": "h", "hours": "h",
}  # fmt: skip


class Misuse(Struct, frozen=True):
    """Why a value is wrong, and what it was meant to be (source text; None when that cannot be told)."""

    why: str
    meant: str | None = None


def misuse(option: Option, task: Task, project: Project) -> Misuse | None:
    """What is wrong with the value of OPTION of TASK; None when nothing is, or when that cannot be told."""
    judge = _JUDGES.get(option.name)
    return judge(option, task, project) if judge is not None else None


# exceptions


def _exceptions(option: Option, task: Task, project: Project) -> Misuse | None:
    placed = project.evaluator.follow(option.value)
    if not isinstance(placed.value, Name) or not _is_exception(placed, project):
        return None
    name = placed.value.ref.rpartition(".")[2].lstrip("@%*")
    text = _text(option, project)
    return Misuse(
        f"is the class `{name}` itself, no tuple: a TypeError when the application starts",
        f"({text},)" if text is not None else None,
    )


def _is_exception(placed: Placed, project: Project) -> bool:
    found = project.symbols.class_of(placed.path, placed.block, placed.value)
    if isinstance(found, External):
        return found.name.startswith("builtins.") or _EXCEPTION.search(found.name) is not None
    return isinstance(found, ClassRef)


def _text(option: Option, project: Project) -> str | None:
    span = option.value.span
    text = project.files.data(option.value.path)[span.start : span.end].decode("utf-8", "replace")
    return text if re.fullmatch(r"[\w.]+", text) else None


# numbers and rates


def rate_misuse(value: Placed, project: Project) -> Misuse | None:
    """What is wrong with a rate limit: Celery takes a number, `"10"`, and `"10/s"`, `"10/m"`, `"10/h"`."""
    known = project.evaluator.scalar(value)
    if not isinstance(known, Known) or not isinstance(known.value, str) or known.from_environment:
        return None
    number, slash, unit = known.value.partition("/")
    try:
        float(number or "0")
    except ValueError:
        return Misuse(f"is `{known.value}`, which does not start with a number: the worker stops with a ValueError")
    if not slash or unit in ("", "s", "m", "h"):
        return None
    meant = _UNITS.get(unit.strip().lower())
    quoted = f'"{number.strip()}/{meant}"' if meant is not None and isinstance(value.value, Literal) else None
    return Misuse(
        f"is `{known.value}`, but Celery knows only `/s`, `/m` and `/h`: the worker stops at its start with a KeyError",
        quoted,
    )


def _rate(option: Option, task: Task, project: Project) -> Misuse | None:
    return rate_misuse(option.value, project)


def _seconds(option: Option, task: Task, project: Project) -> Misuse | None:
    """A limit or delay: a number, never a text or a timedelta."""
    is_delay = option.name == "default_retry_delay"
    failing = "each retry fails with a TypeError" if is_delay else "it cannot be sent"
    if _is_timedelta(option.value, project):
        return Misuse(f"is a timedelta, no number of seconds: {failing}", _in_seconds(option.value, project))
    known = project.evaluator.scalar(option.value)
    if not isinstance(known, Known) or known.from_environment:
        return None
    value = known.value
    if isinstance(value, str):
        is_number = re.fullmatch(r"\d+(\.\d+)?", value) and isinstance(option.value.value, Literal)
        return Misuse(f"is the text `{value}`, no number of seconds: {failing}", value if is_number else None)
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return Misuse(f"is negative ({value})")
    return None


def _is_timedelta(value: Placed, project: Project) -> bool:
    placed = project.evaluator.follow(value)
    call = placed.value
    return isinstance(call, Call) and project.symbols.external(placed.path, call.callee) == "datetime.timedelta"


def _in_seconds(value: Placed, project: Project) -> str | None:
    """A timedelta that is written right there, as a whole number of seconds."""
    known = project.evaluator.scalar(value)
    if not isinstance(value.value, Call) or not isinstance(known, Known) or not isinstance(known.value, float):
        return None
    return str(int(known.value)) if known.value.is_integer() else None


def _retries(option: Option, task: Task, project: Project) -> Misuse | None:
    known = project.evaluator.scalar(option.value)
    if not isinstance(known, Known) or known.from_environment:
        return None
    value = known.value
    if isinstance(value, bool):
        return Misuse(f"is {value}, which counts as {int(value)}; give it a number, or None to retry for ever")
    if isinstance(value, str):
        is_number = value.isdecimal() and isinstance(option.value.value, Literal)
        return Misuse(f"is the text `{value}`: the first retry fails with a TypeError", value if is_number else None)
    if isinstance(value, int | float) and value < 0:
        return Misuse(f"is {value}, so that the first retry gives up at once; None retries for ever")
    return None


def _priority(option: Option, task: Task, project: Project) -> Misuse | None:
    known = project.evaluator.scalar(option.value)
    if not isinstance(known, Known) or known.from_environment or known.value is None:
        return None
    if not isinstance(known.value, int) or isinstance(known.value, bool):
        return Misuse(f"is `{known.value}`, no number from 0 to 9")
    brokers = {project.transports.broker(app) for app in project.apps_of(task)}
    is_redis = bool(brokers) and all(isinstance(broker, Known) and broker.value == "redis" for broker in brokers)
    if is_redis and not 0 <= known.value <= 9:
        return Misuse(f"is {known.value}: Redis knows 0 (first) to 9, so it counts as {9 if known.value > 9 else 0}")
    return None


_JUDGES: Mapping[str, Callable[[Option, Task, Project], Misuse | None]] = {
    "autoretry_for": _exceptions, "dont_autoretry_for": _exceptions, "rate_limit": _rate, "time_limit": _seconds,
    "soft_time_limit": _seconds, "default_retry_delay": _seconds, "max_retries": _retries, "priority": _priority,
}  # fmt: skip
