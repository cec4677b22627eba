"""CEL701: crontabs that leave the minute, or the hour, to chance."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.project import Project
from celery_lint.project.schedule.crontabs import Crontab, Spec, single
from celery_lint.remedy import AddArgument
from celery_lint.rule import ERROR, HIGH, MEDIUM, WARNING, rule


@rule("CEL701", "crontab-every-minute", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe", twins=("PIE784",))
def check(project: Project) -> Iterator[Finding]:
    """A `crontab` without `minute` fires every minute, one with a day and no `hour` every hour."""
    for crontab in project.crontabs:
        if crontab.open or crontab.unknown or crontab.text is not None or not crontab.fields:
            continue
        if project.twins.selected("PIE784", crontab.path):
            continue
        if "minute" not in crontab.fields:
            yield _every_minute(crontab)
        elif "hour" not in crontab.fields and _means_one_time(crontab):
            yield _every_hour(crontab)


def _every_minute(crontab: Crontab) -> Finding:
    needs_hour = "hour" not in crontab.fields
    return check.finding(
        f"{_named(crontab)} has no `minute`, so it fires every minute {_when(crontab)}; add "
        + ("`minute=0` and `hour=0`" if needs_hour else "`minute=0`"),
        crontab.location,
        crontab.entity,
        remedy=_adding(crontab, "minute=0, hour=0" if needs_hour else "minute=0"),
    )


def _every_hour(crontab: Crontab) -> Finding:
    return check.finding(
        f"{_named(crontab)} names a day and no `hour`, so it fires every hour of that day, 24 times; add `hour=0`",
        crontab.location,
        crontab.entity,
        remedy=_adding(crontab, "hour=0"),
        severity=WARNING,
        confidence=MEDIUM,
    )


def _adding(crontab: Crontab, text: str) -> AddArgument:
    return AddArgument(crontab.path, "Fire once", crontab.call.span, text)


def _named(crontab: Crontab) -> str:
    entry = crontab.entry
    return f"the `crontab` of {entry.described}" if entry is not None and entry.key is not None else "this `crontab`"


def _when(crontab: Crontab) -> str:
    hour = single(crontab.values.get("hour"))
    if hour is not None:
        return f"from {hour:02}:00 to {hour:02}:59, 60 times"
    if "hour" not in crontab.fields:
        return "of these days, 1440 times a day" if not crontab.is_everyday else "of every day"
    return "of these hours, 60 times an hour"


def _means_one_time(crontab: Crontab) -> bool:
    """A minute and a day, such as the first of a month. "At 0, from Monday to Friday" may well mean every hour."""
    if single(crontab.values.get("minute")) is None:
        return False
    week, month = crontab.values.get("day_of_week", "*"), crontab.values.get("day_of_month")
    return _is_one_day(week) or single(month) is not None or _is_list_of_dates(month)


def _is_list_of_dates(value: Spec | None) -> bool:
    """`day_of_month="1,15"`"""
    return isinstance(value, str) and "," in value and all(part.strip().isdigit() for part in value.split(","))


def _is_one_day(value: Spec) -> bool:
    return single(value) is not None or (isinstance(value, str) and value.strip().isalpha())
