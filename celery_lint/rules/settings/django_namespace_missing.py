"""CEL802: settings with a prefix that Celery is not told about."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_tests, is_used_elsewhere, renamed, spelling, uses
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import AddArgument, EditCode
from celery_lint.rule import ERROR, HIGH, listed, rule

_PREFIX = "CELERY_"
_FROM_CONF = rb"\bconf(?:\.|\[[\"']|\.get\([\"'])"


@rule("CEL802", "django-namespace-missing", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """Settings are named `CELERY_…`, and Celery does not look for that: they have no effect."""
    groups: dict[Location, list[WrittenSetting]] = {}
    for setting in _ignored(project):
        place = setting.source.given_at
        if place is None:
            yield _respelt(setting, project)
        elif setting.spelt.startswith(_PREFIX):
            groups.setdefault(place, []).append(setting)
        elif setting.source.namespace is not None and setting.source.kind != "django":
            yield _respelt(setting, project)
    for place, settings in groups.items():
        yield from _namespace(place, settings, project)


def _ignored(project: Project) -> Iterator[WrittenSetting]:
    """The settings with a prefix (or, on an application, in capitals) that Celery knows and does not read."""
    for setting in project.written_settings:
        if setting.name is None or setting.is_read or is_for_tests(project, setting):
            continue
        prefixes = (_PREFIX.lower(), f"{(setting.source.namespace or 'CELERY').lower().rstrip('_')}_")
        prefixed = setting.spelt.lower().startswith(prefixes)
        # In Flask's configuration names are there for whoever reads them: nothing is lost of what is also set rightly.
        if setting.source.kind == "flask" and _is_set(setting, project):
            continue
        if not setting.source.on_app:
            is_used = not prefixed or is_used_elsewhere(project, setting)
        else:
            # Values come from constants of the same name: only reading them from `conf` again is a use.
            is_used = any(uses(project, setting.spelt, [setting], _FROM_CONF))
        if not is_used:
            yield setting


def _is_set(setting: WrittenSetting, project: Project) -> bool:
    """Whether the same is set under a name that Celery reads."""
    return any(each.is_read and each.name == setting.name for each in project.written_settings)


def _respelt(setting: WrittenSetting, project: Project) -> Finding:
    assert setting.name is not None
    right = spelling(setting, setting.name)
    edit = renamed(project, setting, right)
    is_set = _is_set(setting, project)
    also = ", which is set as well" if is_set and right != setting.name else ""
    return check.finding(
        f"`{setting.spelt}` has no effect: Celery looks for `{right}` here{also}",
        setting.location,
        setting.entity,
        remedy=EditCode(setting.location.path, f"Rename it to `{right}`", (edit,)) if edit and not is_set else None,
        withheld=f"`{setting.name}` is set as well" if is_set else None,
    )


def _namespace(place: Location, settings: list[WrittenSetting], project: Project) -> Iterator[Finding]:
    first, given = settings[0], settings[0].source.namespace
    if given is not None and any(_is_read_by_it(each, place, given) for each in project.written_settings):
        return
    if given is None and any(_is_lost_to_it(each, place) for each in project.written_settings):
        yield from (_respelt(each, project) for each in settings)
        return
    names = listed([each.spelt for each in settings])
    lost = "; it looks for RabbitMQ on this machine" if any(each.name == "broker_url" for each in settings) else ""
    said = f'`namespace="{given}"` is not the prefix of' if given else '`namespace="CELERY"` is missing for'
    remedy = None
    if given is None:
        remedy = AddArgument(place.path, 'Add `namespace="CELERY"`', place.span, 'namespace="CELERY"')
    yield check.finding(
        f"{said} {names}: Celery ignores {'it' if len(settings) == 1 else 'them'}{lost}",
        place,
        first.entity,
        related=tuple(Related(each.location, "ignored") for each in settings[:5]),
        remedy=remedy,
        withheld=None if remedy else "either the prefix or the namespace is wrong",
    )


def _is_lost_to_it(setting: WrittenSetting, place: Location) -> bool:
    """Whether Celery reads SETTING now, by an old name (`BROKER_URL`), and would not with a namespace."""
    return setting.source.given_at == place and setting.is_read and not setting.spelt.startswith(_PREFIX)


def _is_read_by_it(setting: WrittenSetting, place: Location, namespace: str) -> bool:
    return setting.source.given_at == place and setting.is_read and setting.spelt.startswith(namespace)
