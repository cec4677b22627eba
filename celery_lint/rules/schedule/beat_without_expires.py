"""CEL705: messages of beat that pile up while no worker takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Mapping, Name
from celery_lint.finding import Finding, Related, Span
from celery_lint.project.code.symbols import ClassRef
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import ScheduleEntry, Task
from celery_lint.project.project import Project
from celery_lint.project.schedule.periodic import interval, runs_a_day, tasks_of
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, rule

_OFTEN = 15 * 60
# A dozen messages after a night without workers are no pile.
_MANY = 24
# Decorators that let one of several runs through: then the others are over at once.
_SINGLE = re.compile(r"lock|once|single|mutex|unique|exclusive", re.IGNORECASE)


@rule("CEL705", "beat-without-expires", since="0.1", severity=INFO, confidence=HIGH, fix="unsafe", twins=("PIE785",))
def check(project: Project) -> Iterator[Finding]:
    """Tasks that are scheduled every few minutes have no `expires`, so they pile up while no worker takes them."""
    files: dict[str, list[_Sent]] = {}
    for entry in project.schedule:
        sent = _sent(entry, project)
        if sent is not None:
            files.setdefault(entry.location.path, []).append(sent)
    for found in files.values():
        yield _finding(sorted(found, key=lambda sent: sent.entry.location.span.start), project)


class _Sent(Struct, frozen=True, eq=False):
    """An entry that sends TASK every SECONDS, RUNS times a day, without `expires`."""

    entry: ScheduleEntry
    task: Task
    seconds: float
    runs: int


def _sent(entry: ScheduleEntry, project: Project) -> _Sent | None:
    if entry.open or entry.body is None or _may_expire(entry, project):
        return None
    seconds = interval(entry, project)
    if seconds is None or not 0 < seconds < _OFTEN or project.twins.selected("PIE785", entry.location.path):
        return None
    runs = runs_a_day(entry, project)
    tasks = tasks_of(entry, project) if runs is not None and runs >= _MANY else ()
    if runs is None or not tasks or any(_expires(task, project) or _runs_once(task) for task in tasks):
        return None
    return _Sent(entry, tasks[0], seconds, runs)


def _finding(found: list[_Sent], project: Project) -> Finding:
    """One for the entries of one file: it is one habit, and one worker that is away leaves the messages of all."""
    first, *others = found
    every = _every(min(sent.seconds for sent in found))
    what = (
        f"{len(found)} schedule entries send tasks, the most frequent every {every},"
        if others
        else f"{_what(first.entry, first.task)} every {every}"
    )
    return check.finding(
        f"{what} without `expires`: while no worker takes them the messages pile up "
        f"({sum(sent.runs for sent in found)} a day), and all of them run when one comes back",
        first.entry.location,
        first.entry.entity,
        related=(
            Related(first.task.location, "the task"),
            *(Related(sent.entry.location, f"{_name(sent)}, every {_every(sent.seconds)}") for sent in others),
        ),
        remedy=_remedy(found, project),
    )


def _name(sent: _Sent) -> str:
    return f"`{sent.entry.key if sent.entry.key is not None else sent.task.name}`"


def _may_expire(entry: ScheduleEntry, project: Project) -> bool:
    """Whether the entry has `expires`, or what it has cannot all be seen."""
    if "expires" in entry.fields:
        return True
    options = entry.fields.get("options")
    keys = [key for key, _, _ in project.evaluator.entries(options)] if options is not None else []
    return any(not isinstance(key, Known) or key.value in ("expires", "eta", "countdown") for key in keys)


def _expires(task: Task, project: Project) -> bool:
    """Whether the messages of TASK expire, or may: its options, or its base class, cannot be seen or say so."""
    if task.options_open or task.base_is_unknown or task.custom_decorator or task.option("expires") is not None:
        return True
    bases = (task.base, *(app.task_class for app in project.apps_of(task)))
    return any(
        project.overrides_call(base)
        or (isinstance(base, ClassRef) and project.symbols.method(base, "apply_async") is not None)
        for base in bases
    )


def _runs_once(task: Task) -> bool:
    values = (each.value for each in task.decorators_below)
    names = (value.callee if hasattr(value, "callee") else value for value in values)
    return any(isinstance(name, Name) and _SINGLE.search(name.ref) for name in names)


def _what(entry: ScheduleEntry, task: Task) -> str:
    return f"{entry.described} sends `{task.name}`" if entry.key is not None else f"beat sends `{task.name}`"


def _every(seconds: float) -> str:
    for size, unit in ((60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = int(seconds // size)
            return unit if count == 1 else f"{count} {unit}s"
    return f"{seconds:g} seconds"


def _remedy(found: list[_Sent], project: Project) -> AddArgument | None:
    """`expires` as long as the interval: the next message says the same. What stands in another file is left to the
    next run, and options that entries share are given one."""
    wanted = [placed for sent in found if (placed := _expiry(sent, project)) is not None]
    if not wanted:
        return None
    path = wanted[0][0].path
    texts: dict[Span, str] = {}
    for holder, text in wanted:
        if holder.path == path:
            texts.setdefault(holder.span, text)
    (span, text), *others = texts.items()
    seconds = f"{found[0].seconds:g} seconds"
    title = "Let the messages expire before the next are sent" if others else f"Let the messages expire after {seconds}"
    return AddArgument(path, title, span, text, others=tuple(dict(others)), texts=tuple(dict(others).values()))


def _expiry(sent: _Sent, project: Project) -> tuple[Placed, str] | None:
    """The call or dict that `expires` goes into, and how it is written there."""
    body, options, value = sent.entry.body, sent.entry.fields.get("options"), f"{sent.seconds:g}"
    if body is None:
        return None
    if options is not None:
        options = project.evaluator.follow(options)
        return options, f'"expires": {value}' if isinstance(options.value, Mapping) else f"expires={value}"
    if sent.entry.is_call:
        return body, f"expires={value}"
    inner = f'{{"expires": {value}}}'
    return body, f'"options": {inner}' if isinstance(body.value, Mapping) else f"options={inner}"
