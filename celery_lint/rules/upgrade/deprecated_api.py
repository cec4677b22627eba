"""CEL902: what Celery is going to take away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from celery_lint.celery_versions import Change
from celery_lint.facts.model import Attribute, Literal, Name, Value
from celery_lint.finding import Applicability, Finding, Location, Related, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.api_uses import ApiUse, api_uses, replaced_import
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import External
from celery_lint.project.model import App, Option, Task
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import HIGH, INFO, rule

_RESULTS = Pattern(rb"\bAsyncResult\b")
# CEL407 speaks of what `task_routes` takes over; `abstract` is read by nothing and harms nobody.
_ELSEWHERE = frozenset({"task_routes", ""})


@rule("CEL902", "deprecated-api", since="0.1", severity=INFO, confidence=HIGH, fix="safe")
def check(project: Project) -> Iterator[Finding]:
    """Something that Celery 6 or 7 takes away is used."""
    if not project.celery.is_known or not project.celery.at_least("5.7"):
        return
    known = project.celery.table
    for use in api_uses(known.deprecated, project):
        yield _import(use, project)
    for name, change in known.deprecated_task_options.items():
        if change.replacement not in _ELSEWHERE:
            yield from (
                _option(task, option, change, project) for task in project.tasks if (option := task.option(name))
            )
    for app in project.apps:
        yield from _settings(app, project)
    yield from (_subtask(call, project) for call in project.calls if call.method == "subtask")
    for path in project.files.mentioning(_RESULTS):
        yield from _members(path, known.deprecated_members["AsyncResult"], project)


def _going(change: Change) -> str:
    return f"is deprecated, and Celery {change.removed} does without it"


def _import(use: ApiUse, project: Project) -> Finding:
    remedy = replaced_import(use, project, Applicability.SAFE)
    instead = f"; use `{use.change.replacement}`" if use.change.replacement else ""
    return check.finding(
        f"`{use.name}` {_going(use.change)}{instead}",
        Location(use.path, use.span),
        f"api:{use.name}",
        remedy=remedy,
        withheld=None if remedy is not None else "it is not one name for another",
    )


def _option(task: Task, option: Option, change: Change, project: Project) -> Finding:
    remedy = _split(option, project)
    return check.finding(
        f"`{option.name}` of task `{task.name}` {_going(change)}: use `acks_on_failure` and `acks_on_timeout`",
        option.location,
        task.entity,
        remedy=remedy,
        withheld=None if remedy is not None else "it is no plain argument of the decorator",
    )


def _split(option: Option, project: Project) -> EditCode | None:
    """`acks_on_failure_or_timeout=False` becomes two arguments with the same value."""
    span = option.location.span
    old = project.files.data(option.location.path)[span.start : span.end].decode("utf-8", "replace")
    if not isinstance(option.value.value, Literal) or re.fullmatch(r"\w+=\w+", old) is None:
        return None
    value = old.partition("=")[2]
    new = f"acks_on_failure={value}, acks_on_timeout={value}"
    title = "Write `acks_on_failure` and `acks_on_timeout`"
    return EditCode(option.location.path, title, (Replacement(span, old, new),), applicability=Applicability.SAFE)


def _settings(app: App, project: Project) -> Iterator[Finding]:
    for name, known in project.celery.table.settings.items():
        setting = app.settings.get(name) if known.deprecate_by is not None else None
        if setting is not None:
            yield check.finding(
                f"`{name}` is deprecated, and Celery {known.remove_by} does without it; "
                f"{known.alternative or 'drop it'}",
                setting.origin,
                f"setting:{name}",
                withheld="what takes its place is written where the settings are",
            )


def _subtask(call: TaskCall, project: Project) -> Finding:
    end = call.call.callee.span.end
    replacement = Replacement(Span(end - len("subtask"), end), "subtask", "signature")
    return check.finding(
        "`.subtask()` is deprecated, and Celery 6.0 does without it; `.signature()` does the same",
        call.location,
        call.task.entity,
        remedy=EditCode(call.path, "Write `.signature()`", (replacement,), applicability=Applicability.SAFE),
    )


# attributes of results


def _members(path: str, known: dict[str, Change], project: Project) -> Iterator[Finding]:
    """The old attributes of results in one file, a finding for each name."""
    places: dict[str, list[Span]] = defaultdict(list)
    index = project.index(path)
    for function in index.facts.functions:
        for value in index.values(function):
            name = _member(value, function.block, known, index, project)
            if name is not None and value.span not in places[name]:
                places[name].append(value.span)
    for name, spans in places.items():
        if spans:
            yield _member_finding(path, name, known[name], sorted(spans))


def _member(value: Value, block: int, known: dict[str, Change], index: FileIndex, project: Project) -> str | None:
    owner: Value
    if isinstance(value, Name) and value.ref.startswith("%") and "." in value.ref:
        head, _, name = value.ref.rpartition(".")
        owner = Name(head)
    elif isinstance(value, Attribute):
        owner, name = value.value, value.name
    else:
        return None
    if name not in known:
        return None
    made = project.symbols.type_of(index.path, block, owner)
    return name if made == External("celery.result.AsyncResult") else None


def _member_finding(path: str, name: str, change: Change, spans: list[Span]) -> Finding:
    new = change.replacement
    replacements = tuple(Replacement(Span(each.end - len(name), each.end), name, new) for each in spans)
    return check.finding(
        f"`.{name}` of a result {_going(change)}; `.{new}` is the same",
        Location(path, spans[0]),
        f"api:AsyncResult.{name}",
        related=tuple(Related(Location(path, span), "and here", again=True) for span in spans[1:]),
        remedy=EditCode(path, f"Write `.{new}`", replacements, applicability=Applicability.SAFE),
    )
