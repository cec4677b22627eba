"""CEL703: entries that beat cannot use."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from celery_lint.facts.model import Call, Items, Literal, Mapping
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.calls.arguments import misfit
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App, ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.project.tasks.missing import tasks_named
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, rule

# Points in time, which say when something happens once.
_TIMES = frozenset({"datetime.time", "datetime.date", "datetime.datetime", "datetime.datetime.now"})


@rule("CEL703", "beat-entry-invalid", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    """A schedule entry has keys that beat does not take, lacks one it needs, or gives its task the wrong arguments."""
    if entry.is_call or (not entry.fields and entry.open):
        return
    if not _has_own_scheduler(entry.app, project):
        yield from _unknown_keys(entry, project)
    yield from _missing(entry, project)
    yield from _schedule(entry, project)
    yield from _mappings(entry, project)
    yield from _arguments(entry, project)


def _has_own_scheduler(app: App, project: Project) -> bool:
    """Whether another scheduler than Celery's reads the entries: it may know more keys."""
    commands = [command for command in project.beats if command.app is app or not command.app_is_known]
    return project.may_set(app, "beat_scheduler") or any(c.invocation.value("scheduler") is not None for c in commands)


def _unknown_keys(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    keys, options = project.celery.table.schedule_keys, _options(project)
    for key, value in entry.fields.items():
        if key in keys:
            continue
        meant = _meant(key, project)
        hint = "it belongs into `options`" if key in options else f"did you mean `{meant}`?" if meant else "remove it"
        yield check.finding(
            f"{entry.described} has the key `{key}`, which beat does not take: it stops with a TypeError when it "
            f"starts; {hint}",
            Location(value.path, value.span),
            entry.entity,
            remedy=_moving(entry, project) if key in options else None,
        )


def _moving(entry: ScheduleEntry, project: Project) -> EditCode | None:
    """All options that stand beside `options` go into it at once: each finding about one of them cures all."""
    body = entry.body
    if body is None or not isinstance(body.value, Mapping):
        return None
    source, entries, options_known = project.source(body.path), body.value.entries, _options(project)
    keys = [each.key.value if isinstance(each.key, Literal) else None for each in entries]
    strays = [index for index, key in enumerate(keys) if key in options_known]
    text = ", ".join(source.text(entries[index].span) for index in strays)
    options = entries[keys.index("options")].value if "options" in keys else None
    replacements = []
    if options is None:
        first, *strays = strays
        quote = source.text(entries[first].span)[0]
        span = entries[first].span
        replacements = [Replacement(span, source.text(span), f"{quote}options{quote}: {{{text}}}")]
    elif isinstance(options, Mapping) and strays[0] > 0:
        at = options.entries[-1].span.end if options.entries else options.span.start + 1
        replacements = [Replacement(Span(at, at), "", f", {text}" if options.entries else text)]
    gone = [Span(entries[index - 1].span.end, entries[index].span.end) for index in strays]
    if not replacements or "\n" in text or any("#" in source.text(span) for span in gone):
        return None
    replacements += [Replacement(span, source.text(span), "") for span in gone]
    return EditCode(body.path, "Move it into `options`", tuple(replacements))


def _options(project: Project) -> frozenset[str]:
    """What belongs into `options`: the options of a call that are no key of the entry itself. (`type` is one that only
    Celery gives.)"""
    table = project.celery.table
    return table.call_options - table.schedule_keys - {"type"}


def _meant(key: str, project: Project) -> str | None:
    """The key that a misspelt one stands for."""
    keys = project.celery.table.schedule_keys
    close = difflib.get_close_matches(key, sorted(keys), n=1)
    return close[0] if close and key not in keys else None


def _missing(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    for key, consequence in (("task", "beat sends a message without a task"), ("schedule", "beat fails to send it")):
        misspelt = any(key == _meant(given, project) for given in entry.fields)
        if key not in entry.fields and not entry.open and not misspelt:
            yield check.finding(f"{entry.described} has no `{key}`: {consequence}", entry.location, entry.entity)


def _schedule(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    schedule = entry.fields.get("schedule")
    known = project.evaluator.text(schedule) if schedule is not None else None
    if schedule is not None and isinstance(known, Known):
        yield check.finding(
            f"{entry.described} has the string `{known.value}` for a schedule: beat stops with an AttributeError; give "
            "it seconds, a timedelta or a `crontab(...)`",
            Location(schedule.path, schedule.span),
            entry.entity,
        )
        return
    what = _no_schedule(schedule, project) if schedule is not None else None
    if schedule is not None and what is not None:
        yield check.finding(
            f"{entry.described} has {what} for a schedule: beat stops with an AttributeError; give it seconds, a "
            "timedelta or a `crontab(...)`",
            Location(schedule.path, schedule.span),
            entry.entity,
        )


def _no_schedule(schedule: Placed, project: Project) -> str | None:
    """What stands where a schedule belongs."""
    placed = project.evaluator.follow(schedule)
    match placed.value:
        case Mapping():
            return "a dict"
        case Items():
            return "a list" if placed.value.kind == "list" else f"a {placed.value.kind}"
        case Call() if project.symbols.external(placed.path, placed.value.callee) in _TIMES:
            return "a time of day or a date"
    return None


def _mappings(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    """`kwargs` and `options` that are no dict."""
    for key in ("kwargs", "options"):
        given = entry.fields.get(key)
        value = project.evaluator.follow(given).value if given is not None else None
        is_text = isinstance(value, Literal) and isinstance(value.value, str) and value.value
        if given is not None and (is_text or (isinstance(value, Items) and value.items)):
            yield check.finding(
                f"the `{key}` of {entry.described} are no dict, so beat fails to send it",
                Location(given.path, given.span),
                entry.entity,
            )


def _arguments(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    given = entry.fields.get("args")
    if given is not None and _is_single(given, project):
        yield check.finding(
            f"the `args` of {entry.described} are no tuple or list, so beat fails to send it; a tuple of one needs a "
            "comma: `(value,)`",
            Location(given.path, given.span),
            entry.entity,
            remedy=_tuple_of_one(given, project),
        )
        return
    tasks = tasks_named(entry.task, project) if entry.task is not None and not entry.open else ()
    problem = misfit(tasks[0], given, entry.fields.get("kwargs"), project) if len(tasks) == 1 else None
    if problem is not None:
        place = given or entry.fields.get("kwargs")
        yield check.finding(
            f"{entry.described} sends `{entry.task}` {problem}: the task fails with a TypeError each time",
            Location(place.path, place.span) if place is not None else entry.task_location,
            entry.entity,
            related=(Related(tasks[0].location, "the task"),),
        )


def _tuple_of_one(given: Placed, project: Project) -> EditCode:
    """`(16)` becomes `(16,)`."""
    source, span = project.source(given.path), given.span
    text = source.text(span)
    before, after = source.data[: span.start].rstrip()[-1:], source.data[span.end :].lstrip()[:1]
    new = f"{text}," if (before, after) == (b"(", b")") else f"({text},)"
    return EditCode(given.path, "Make it a tuple", (Replacement(span, text, new),))


def _is_single(given: Placed, project: Project) -> bool:
    known = project.evaluator.scalar(given)
    return isinstance(known, Known) and known.value is not None and not isinstance(given.value, Items)
