"""CEL805: workers that unpickle what they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Literal
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_tests
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import ERROR, HIGH, rule

# The name of the serializer, and what Kombu also knows its content by.
_PICKLE = frozenset({"pickle", "application/x-python-serialize"})
_ACCEPT = ("accept_content", "result_accept_content")
_SERIALIZERS = ("task_serializer", "result_serializer", "event_serializer")
_MENTIONS = re.compile(rb"pickle|x-python-serialize")
# The calls of a project take a while to find: only where one may say it.
_GIVEN = re.compile(rb"\bserializer\b[^\n]*(?:pickle|python-serialize)", re.IGNORECASE)
_SIGNED = re.compile(rb"\bsetup_security\s*\(")


@rule("CEL805", "pickle-accepted", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Workers accept pickle: whoever can write to the broker can run code in them."""
    paths = [path for path in project.files.mentioning(_MENTIONS) if not is_aside(path)]
    if not paths or any(True for path in project.files.mentioning(_SIGNED) if not is_aside(path)):
        return
    written = [each for each in project.written_settings if each.is_read and not is_for_tests(project, each)]
    accepting = [each for each in written if each.name in _ACCEPT and _pickles(each.value, project)]
    writing = [each for each in written if each.name in _SERIALIZERS and _pickles(each.value, project)]
    for setting in accepting:
        yield _accepted(setting, [each for each in writing if set(each.apps) & set(setting.apps)], project)
    told = {app for setting in accepting for app in setting.apps}
    for setting in writing:
        if not told & set(setting.apps):
            yield _written(setting, setting.apps, project)
    yield from _options(project, told)


def _pickles(placed: Placed, project: Project) -> Placed | None:
    """Where PLACED, a name or a list of names, says pickle; None when it does not."""
    known = project.evaluator.text(placed)
    if isinstance(known, Known):
        return placed if known.value in _PICKLE else None
    for item in project.evaluator.items(placed) or []:
        known = project.evaluator.text(item)
        if isinstance(known, Known) and known.value in _PICKLE:
            return item
    return None


def _accepted(setting: WrittenSetting, writing: list[WrittenSetting], project: Project) -> Finding:
    item = _pickles(setting.value, project)
    here = item is not None and isinstance(item.value, Literal) and item.path == setting.location.path
    return check.finding(
        f"`{setting.spelt}` takes pickle: whoever can write to the broker can run code in the workers",
        Location(item.path, item.span) if here and item is not None else setting.location,
        setting.entity,
        related=tuple(Related(each.location, "sends pickle") for each in writing),
    )


def _written(setting: WrittenSetting, apps: tuple[App, ...], project: Project) -> Finding:
    refused = _refuses(apps, project) and setting.name == "task_serializer"
    consequence = (
        "the workers do not accept it and drop the messages"
        if refused
        else "workers have to accept it, and then whoever can write to the broker can run code in them"
    )
    return check.finding(f"`{setting.spelt}` is pickle: {consequence}", setting.location, setting.entity)


def _refuses(apps: tuple[App, ...], project: Project) -> bool:
    """Whether none of APPS accepts pickle, for sure."""
    return all(not project.may_set(app, "accept_content") for app in apps)


def _options(project: Project, told: set[App]) -> Iterator[Finding]:
    """`serializer="pickle"` of a task or of a call."""
    for task in project.tasks:
        option = task.option("serializer")
        if option is not None and not is_aside(option.location.path) and _pickles(option.value, project):
            yield check.finding(
                f"task `{task.name}` is sent as pickle: {_consequence(project.apps_of(task), project, told)}",
                option.location,
                task.entity,
            )
    if not any(True for path in project.files.mentioning(_GIVEN) if not is_aside(path)):
        return
    for call in project.calls:
        given = call.options.get("serializer")
        if given is not None and not is_aside(call.path) and _pickles(given, project):
            yield check.finding(
                f"`{call.task.name}` is sent as pickle here: {_consequence(project.apps_of(call.task), project, told)}",
                Location(given.path, given.span),
                call.task.entity,
            )


def _consequence(apps: tuple[App, ...], project: Project, told: set[App]) -> str:
    if apps and not told & set(apps) and _refuses(apps, project):
        return "the workers do not accept that, and drop the message"
    return "workers that accept it run whatever is written to the broker"
