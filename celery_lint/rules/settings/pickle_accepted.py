"""CEL805: workers that unpickle what they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Call, Literal, Opaque
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern
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
_MENTIONS = Pattern(rb"pickle|x-python-serialize")
# The calls of a project take a while to find: only where one may say it.
_GIVEN = Pattern(rb"\bserializer\b[^\n]{0,500}(?:pickle|python-serialize)", re.IGNORECASE)
_SIGNED = Pattern(rb"\bsetup_security\s*\(")


class _Sent(Struct, frozen=True):
    """One task or call that is SAID to be sent as pickle."""

    said: str
    location: Location
    entity: str
    apps: tuple[App, ...]


@rule("CEL805", "pickle-accepted", since="0.1", severity=ERROR, confidence=HIGH, security=8.1)
def check(project: Project) -> Iterator[Finding]:
    """Workers accept pickle: whoever can write to the broker can run code in them."""
    paths = list(project.files.mentioning(_MENTIONS))
    if not paths or project.files.is_mentioned(_SIGNED):
        return
    written = [each for each in project.written_settings if each.is_read and not is_for_tests(project, each)]
    accepting = [each for each in written if each.name in _ACCEPT and _pickles(each.value, project)]
    writing = [each for each in written if each.name in _SERIALIZERS and _pickles(each.value, project)]
    told = {app for setting in accepting for app in setting.apps}
    for app in project.apps:
        added = _added(app, project) if app not in told else None
        if added is not None:
            told.add(app)
            yield check.finding(
                "`accept_content` is given pickle here: whoever can write to the broker can run code in the workers",
                Location(added.path, added.span),
                app.entity,
            )
    sent = list(_sent(project))
    for setting in accepting:
        apps = set(setting.apps)
        senders = [Related(each.location, "sends pickle") for each in writing if set(each.apps) & apps]
        senders += [Related(each.location, f"{each.said}, too") for each in sent if apps & set(each.apps)]
        yield _accepted(setting, senders, project)
    for setting in writing:
        if not told & set(setting.apps):
            yield _written(setting, setting.apps, project)
    for each in sent:
        if not told & set(each.apps):
            yield check.finding(f"{each.said}: {_consequence(each.apps, project)}", each.location, each.entity)


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


def _added(app: App, project: Project) -> Placed | None:
    """Where code adds pickle to what APP accepts: `app.conf.accept_content.append("pickle")`."""
    setting = app.settings.get("accept_content")
    value = setting.value.value if setting is not None else None
    if setting is None or not isinstance(value, Opaque) or is_aside(setting.origin.path):
        return None
    calls = [part for part in value.parts if isinstance(part, Call)]
    given = [setting.value.at(each.value) for call in calls for each in call.arguments]
    return next((found for each in given if (found := _pickles(each, project)) is not None), None)


def _accepted(setting: WrittenSetting, senders: list[Related], project: Project) -> Finding:
    item = _pickles(setting.value, project)
    here = item is not None and isinstance(item.value, Literal) and item.path == setting.location.path
    return check.finding(
        f"`{setting.spelt}` takes pickle: whoever can write to the broker can run code in the workers",
        Location(item.path, item.span) if here and item is not None else setting.location,
        setting.entity,
        related=tuple(senders),
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


def _sent(project: Project) -> Iterator[_Sent]:
    """`serializer="pickle"` of a task or of a call."""
    for task in project.tasks:
        option = task.option("serializer")
        if option is not None and not is_aside(option.location.path) and _pickles(option.value, project):
            said = f"task `{task.name}` is sent as pickle"
            yield _Sent(said, option.location, task.entity, project.apps_of(task))
    if not project.files.is_mentioned(_GIVEN):
        return
    for call in project.calls:
        given = call.options.get("serializer")
        if given is not None and not is_aside(call.path) and _pickles(given, project):
            said, place = f"`{call.task.name}` is sent as pickle here", Location(given.path, given.span)
            yield _Sent(said, place, call.task.entity, project.apps_of(call.task))


def _consequence(apps: tuple[App, ...], project: Project) -> str:
    if apps and _refuses(apps, project):
        return "the workers do not accept that, and drop the message"
    return "workers that accept it run whatever is written to the broker"
