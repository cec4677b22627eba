"""CEL704: crontabs that Celery refuses, or that mean something else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from celery_lint.facts.model import Argument, Call
from celery_lint.finding import Finding, Location, Severity
from celery_lint.project.calls.canvas import owner_of
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.project.schedule.crontabs import FIELDS, Crontab, Refusal, Spec, construct, single, written
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, rule

_SIZES = {"minute": 60, "hour": 24}
_STEP = re.compile(r"\*/(\d+)")
# 29 February comes round.
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_MEANT = {"day": "day_of_month", "weekday": "day_of_week", "month": "month_of_year"}
_INSTEAD = "give seconds or a timedelta as the schedule"


@rule("CEL704", "crontab-invalid-field", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A `crontab` that Celery refuses, that never comes, or whose step means something else."""
    for crontab in project.crontabs:
        if crontab.text is not None:
            yield from _string(crontab, crontab.text, project)
            continue
        for argument in crontab.unknown:
            yield _unknown(crontab, argument)
        yield from _line(crontab, project)
        made = {name: construct({name: value}) for name, value in crontab.values.items()}
        refused = {name: times for name, times in made.items() if isinstance(times, Refusal)}
        for name, refusal in refused.items():
            yield _refused(crontab, name, refusal, project)
        if not refused:
            yield from _never(crontab, project)
            for name in _SIZES.keys() & crontab.values.keys():
                yield from _step(crontab, name, crontab.values[name], project)


def _finding(crontab: Crontab, argument: Argument, message: str, severity: Severity = ERROR) -> Finding:
    entry = crontab.entry
    where = f" ({entry.described})" if entry is not None and entry.key is not None else ""
    return check.finding(message + where, Location(crontab.path, argument.span), crontab.entity, severity=severity)


def _string(crontab: Crontab, text: Placed, project: Project) -> Iterator[Finding]:
    """`crontab.from_string("0 3 * * 7")`, in the order of cron."""
    known = project.evaluator.text(text)
    made = construct(known.value) if isinstance(known, Known) and not known.from_environment else None
    if isinstance(made, Refusal):
        argument = crontab.call.arguments[0]
        shown = written(argument, "", project, crontab.path)
        message = f"`crontab.from_string({shown})` raises {made.error}: {made.message}"
        yield _finding(crontab, argument, message)


def _line(crontab: Crontab, project: Project) -> Iterator[Finding]:
    """`crontab(*"0 3 1 * *".split())`: the fields of cron, in the order of cron."""
    only = crontab.call.arguments[0] if len(crontab.call.arguments) == 1 else None
    if only is None or only.star != "*" or not isinstance(only.value, Call) or last_name(only.value.callee) != "split":
        return
    line = owner_of(Placed(crontab.path, crontab.call.block, only.value), only.value)
    known = project.evaluator.text(line) if line is not None else None
    if isinstance(known, Known) and not known.from_environment and set(known.value.split()[2:]) <= {"*"}:
        return
    message = (
        "`crontab` takes the day of the week third, and then the day and the month; in a line of cron the day of the "
        "week comes last: `0 3 1 * *` fires every Monday here; read the line with `crontab.from_string`"
    )
    yield _finding(crontab, only, message, WARNING)


def _unknown(crontab: Crontab, argument: Argument) -> Finding:
    name = argument.keyword
    if name is None:
        return _finding(crontab, argument, "`crontab` takes five fields at most: this raises a TypeError")
    close = difflib.get_close_matches(name, FIELDS, n=1)
    meant = _MEANT.get(name) or (close[0] if close else None)
    hint = f"; did you mean `{meant}`?" if meant is not None else ""
    return _finding(crontab, argument, f"`crontab` has no `{name}`: this raises a TypeError{hint}")


def _refused(crontab: Crontab, name: str, refusal: Refusal, project: Project) -> Finding:
    argument = crontab.fields[name]
    why = _hint(name, crontab.values[name], argument) or refusal.message
    shown = written(argument, name, project, crontab.path)
    return _finding(crontab, argument, f"`{shown}` raises {refusal.error}: {why}")


def _hint(name: str, value: Spec, argument: Argument) -> str | None:
    """What is wrong, where that is better known than Celery says."""
    if isinstance(value, str) and len(value.split()) == 5:
        return "a `crontab` takes its fields one by one; for a whole line of cron there is `crontab.from_string`"
    if value is None or isinstance(value, float):
        return 'a field is a number, a string or a list of numbers; for all of them it is "*"'
    if name == "day_of_week" and single(value) == 7:
        return "Celery counts from 0 (Sunday) to 6"
    if name == "day_of_week" and argument.keyword is None and single(value) is not None:
        return "the third field is the day of the week (0 to 6), not that of the month as in cron"
    return None


def _never(crontab: Crontab, project: Project) -> Iterator[Finding]:
    """A day that none of the months has."""
    given = [crontab.values.get(name) for name in ("day_of_month", "month_of_year")]
    if None in given:
        return
    days, months = construct({"day_of_month": given[0]}), construct({"month_of_year": given[1]})
    if isinstance(days, Refusal) or isinstance(months, Refusal):
        return
    first = min(days.days_of_month)
    if any(first <= _LONGEST.get(month, 31) for month in months.months):
        return
    old = "beat stops with a RuntimeError when it looks for the next one"
    if not project.celery.is_known:
        what = f"Celery 5.7 raises ValueError; before, {old}"
    elif project.celery.at_least("5.7"):
        what = "Celery raises ValueError"
    else:
        what = f"with Celery {project.celery.version}, {old}"
    listed = " or ".join(map(str, sorted(months.months)))
    yield _finding(crontab, crontab.fields["day_of_month"], f"day {first} never comes in month {listed}: {what}")


def _step(crontab: Crontab, name: str, value: Spec, project: Project) -> Iterator[Finding]:
    """`*/45`: a step starts again with every hour, or day."""
    match = _STEP.fullmatch(value.strip()) if isinstance(value, str) else None
    size = _SIZES[name]
    if match is None or size % (step := int(match[1])) == 0:
        return
    argument = crontab.fields[name]
    whole = "hour" if name == "minute" else "day"
    shown = f"`{written(argument, name, project, crontab.path)}` is not every {step} {name}s"
    if step > size:
        yield _finding(crontab, argument, f"{shown}: it fires at {name} 0 of every {whole}; {_INSTEAD}", WARNING)
    else:
        last = (size - 1) // step * step
        rest = f"{size - last} {name}{'s' if size - last > 1 else ''}"
        consequence = f"the step starts again with every {whole}, {rest} after {name} {last}"
        yield _finding(crontab, argument, f"{shown}: {consequence}; {_INSTEAD}", INFO)
