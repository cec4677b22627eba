"""CEL809: values of settings in the wrong unit, or that mean the opposite."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_tests
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import HIGH, WARNING, rule

_WEEK = 7 * 24 * 3600
_LIMITS = frozenset({"task_time_limit", "task_soft_time_limit"})
_OPTIONS = frozenset({"broker_transport_options", "result_backend_transport_options"})
# No process of Python fits into less, and no machine of a worker has more, in KiB.
_SMALLEST, _LARGEST = 20_000, 64_000_000
# As seconds more than eleven days, as milliseconds a quarter of an hour.
_MILLISECONDS = 1_000_000
_NO = frozenset({"false", "no", "off", "0", "n", "f"})


@rule("CEL809", "setting-wrong-unit", since="0.1", severity=WARNING, confidence=HIGH)
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """The value of a setting is in another unit than Celery takes, or means the opposite of what it says."""
    if setting.name is None or not setting.is_read or is_for_tests(project, setting):
        return
    said = _transport(setting, project) if setting.name in _OPTIONS else _plain(setting, project)
    if said is not None:
        yield check.finding(said, setting.location, setting.entity)


def _plain(setting: WrittenSetting, project: Project) -> str | None:
    value = _known(setting.value, project)
    number = _number(value)
    if setting.name == "worker_max_memory_per_child" and number is not None:
        return _memory(setting.spelt, number)
    if setting.name == "broker_connection_max_retries" and number == 0:
        return (
            f"`{setting.spelt}` is 0: the worker gives up at the first connection that fails, and stops; None means "
            "for ever"
        )
    if setting.name == "worker_concurrency" and isinstance(value, str) and _is_unheard(value, project):
        return f'`{setting.spelt}` is "{value}", which is no number: the worker takes as many processes as it has CPUs'
    if setting.name in _LIMITS and number is not None and number > _WEEK:
        return (
            f"`{setting.spelt}` is in seconds: {value} is {number // 86400:g} days, which limits nothing; were "
            "milliseconds meant?"
        )
    if _is_switch(setting.name, project) and isinstance(value, str) and value.lower() in _NO:
        return f'`{setting.spelt}` is the string "{value}", which is true: it switches on what it says is off'
    return None


def _is_unheard(value: str, project: Project) -> bool:
    """Whether Celery leaves a text for the concurrency alone. (Before 5.7 any text stops the worker: CEL819.)"""
    later = not project.celery.is_known or project.celery.at_least("5.7")
    return later and value != "auto" and re.fullmatch(r"\s*\d+\s*", value) is None


def _memory(spelt: str, value: float) -> str | None:
    if 0 < value < _SMALLEST:
        return (
            f"`{spelt}` is in KiB: no process is as small as {value:,.0f} KiB, so every task gets a new one; write "
            f"{value * 1000:.0f} for {value:,.0f} MB"
        )
    if value > _LARGEST:
        size = f"{value:.0f} is {value / 1024 / 1024:,.0f} GiB"
        return f"`{spelt}` is in KiB: {size}, so no process is ever replaced; were bytes meant?"
    return None


def _transport(setting: WrittenSetting, project: Project) -> str | None:
    """`visibility_timeout` in milliseconds."""
    for key, _, placed in project.evaluator.entries(setting.value):
        number = _number(_known(placed, project))
        if key == Known("visibility_timeout") and number is not None and number >= _MILLISECONDS:
            return (
                f"`visibility_timeout` is in seconds: {number:.0f} is {number // 86400:g} days, and only then a "
                "message that a lost worker had comes back; were milliseconds meant?"
            )
    return None


def _known(placed: Placed, project: Project) -> object:
    """The value, when the code says it; what the environment gives is not judged."""
    value = project.evaluator.scalar(placed)
    return value.value if isinstance(value, Known) and not value.from_environment else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_switch(name: str | None, project: Project) -> bool:
    known = project.celery.table.settings.get(name or "")
    return known is not None and known.type == "bool"
