"""CEL801: names of settings that Celery does not know."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Known
from celery_lint.project.project import Project
from celery_lint.project.settings.names import (
    PREFIXES,
    first_release,
    is_for_tests,
    is_of_plugin,
    is_used_elsewhere,
    meant,
    renamed,
    spelling,
)
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import EditCode
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, rule


@rule("CEL801", "unknown-setting", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """A setting with a name that Celery does not know: it is stored, and nothing ever reads it."""
    if is_for_tests(project, setting):
        return
    if setting.name is not None:
        yield from _too_new(setting, project)
        yield from _unread(setting, project)
        yield from _misplaced(setting, project)
    elif _is_for_celery(setting) and not is_of_plugin(setting):
        # Who uses the name is asked last: it takes a look at all files.
        found = list(_unknown(setting, project))
        if found and not is_used_elsewhere(project, setting):
            yield from found


def _too_new(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    since = first_release(setting.name or "")
    release = project.celery
    if since is None or not setting.is_read or not release.is_known or release.at_least(since):
        return
    yield check.finding(
        f"`{setting.spelt}` does nothing before Celery {since}; this project runs on {release}",
        setting.location,
        setting.entity,
        severity=WARNING,
    )


def _unread(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """Settings that Celery lists, and that nothing in it reads."""
    instead = project.celery.table.unread_settings.get(setting.name or "")
    if instead:
        yield check.finding(
            f"Celery knows the setting `{setting.spelt}`, but nothing in it reads it; set `{instead}`",
            setting.location,
            setting.entity,
            severity=WARNING,
        )


def _misplaced(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """Settings among the options of the transport, which Kombu takes without a word."""
    if setting.name != "broker_transport_options":
        return
    known = project.celery.table.settings
    for key, place, _ in project.evaluator.entries(setting.value):
        if isinstance(key, Known) and key.value in known and key.value.startswith(PREFIXES):
            yield check.finding(
                f"`{key.value}` has no effect in `{setting.spelt}`: it is a setting of its own",
                Location(place.path, place.span),
                f"setting:{key.value}",
            )


def _unknown(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    known = project.celery.table
    where = known.unread_settings.get(setting.bare.lower())
    found = meant(setting, known)
    said = f"Celery has no setting `{setting.spelt}`: it has no effect"
    if where is not None and setting.source.on_app:
        hint = f"; it belongs into `{where}`" if where else ""
        yield check.finding(said + hint, setting.location, setting.entity)
    elif found is not None and found.name is not None:
        yield _misspelt(setting, found.name, project, said)
    elif found is not None:
        # Switched off, what Celery no longer has is as it was meant to be.
        is_off = found.is_gone and project.evaluator.scalar(setting.value) in (Known(False), Known(None))
        severity = INFO if is_off else ERROR
        yield check.finding(f"{said}; {found.advice}", setting.location, setting.entity, severity=severity)
    elif setting.source.on_app and setting.spelt.startswith(PREFIXES):
        yield check.finding(said, setting.location, setting.entity, severity=INFO)


def _is_for_celery(setting: WrittenSetting) -> bool:
    """Whether the name is meant for Celery at all: other constants may stand beside it in a module or class."""
    if setting.source.kind in ("django", "module", "class", "flask"):
        namespace = (setting.source.namespace or "CELERY").rstrip("_").upper()
        names = (f"{namespace}_", "CELERYD_", "CELERYBEAT_", *PREFIXES)
        return setting.spelt.startswith(names) and (setting.source.kind != "django" or setting.spelt.isupper())
    return True


def _misspelt(setting: WrittenSetting, name: str, project: Project, said: str) -> Finding:
    spelt = spelling(setting, name)
    is_set = any(each.name == name for each in project.written_settings if set(each.apps) & set(setting.apps))
    edit = renamed(project, setting, spelt) if not is_set else None
    why = f"`{name}` is set as well" if is_set else None if edit is not None else f"`{setting.spelt}` is used elsewhere"
    return check.finding(
        f"{said}; did you mean `{spelt}`?",
        setting.location,
        setting.entity,
        remedy=EditCode(setting.location.path, f"Rename it to `{spelt}`", (edit,)) if edit is not None else None,
        withheld=why,
    )
