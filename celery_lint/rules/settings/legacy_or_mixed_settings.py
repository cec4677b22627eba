"""CEL803: names of settings of before Celery 4, alone or beside new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.celery_versions import table
from celery_lint.finding import Applicability, Finding, Location, Related
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_tests, is_used_elsewhere, renamed, spelling
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import EditCode
from celery_lint.rule import ERROR, HIGH, INFO, listed, rule

# How the names begin that settings had before Celery 4. Celery also knows all later ones in capitals.
_CELERYS = ("CELERY", "BROKER")


@rule("CEL803", "legacy-or-mixed-settings", since="0.1", severity=INFO, confidence=HIGH, fix="safe")
def check(project: Project) -> Iterator[Finding]:
    """Names of settings of before Celery 4; beside new names, Celery refuses to start."""
    old = [each for each in project.written_settings if _is_old(each) and not is_for_tests(project, each)]
    groups: dict[tuple[Location | str, str], list[WrittenSetting]] = {}
    for setting in old:
        source = setting.source
        groups.setdefault((source.given_at or "app", setting.location.path), []).append(setting)
    mixed = {setting for app in project.apps for setting in _mixed(app)}
    for settings in groups.values():
        yield _finding(settings, [each for each in settings if each.location in mixed], project)


def _is_old(setting: WrittenSetting) -> bool:
    """Whether the name is an old one, and not a new one with its namespace (`CELERY_TASK_SERIALIZER` is both)."""
    if setting.spelt not in table().old_settings or not setting.is_read or _is_anybodys(setting):
        return False
    namespace = setting.source.namespace
    return not namespace or setting.spelt != spelling(setting, setting.name or "")


def _is_anybodys(setting: WrittenSetting) -> bool:
    """`S3_BUCKET` in Django's settings: that Celery takes it for an old name of its own is not why it is there."""
    return setting.source.kind in ("django", "flask") and not setting.spelt.startswith(_CELERYS)


def _mixed(app: App) -> Iterator[Location]:
    """The old names that Celery refuses beside new ones of the same source, in an app without a namespace.

    Names on the app count only where no object is given; what the constructor takes never does (reproduced).
    """
    written = [each for each in app.settings.written if each.source.kind != "constructor"]
    objects = [each for each in written if not each.source.on_app and each.source.kind != "flask"]
    counted = [each for each in (objects or written) if each.is_read]
    if any(each.source.namespace or each.source.namespace_open for each in counted):
        return
    if app.settings.open is not None and not objects:
        return
    new = {each.spelt for each in counted if each.spelt in table().settings}
    old = [each for each in counted if each.spelt in table().old_settings and each.name not in new]
    if old and new - {each.name for each in counted if each.spelt in table().old_settings}:
        yield from (each.location for each in old)


def _finding(settings: list[WrittenSetting], mixed: list[WrittenSetting], project: Project) -> Finding:
    shown = mixed or settings
    names = listed(list(dict.fromkeys(each.spelt for each in shown)))
    one = len({each.spelt for each in shown}) == 1
    first = shown[0]
    if mixed:
        said = (
            f"{names} {'is an old name' if one else 'are old names'} beside new ones: Celery stops with "
            "ImproperlyConfigured when it reads its configuration"
        )
    else:
        right, twin = f", now `{_new(first)}`" if one else "", _twin(first, project) if one else None
        said = f"{names} {'is a name' if one else 'are names'} of before Celery 4{right}"
        said += f", which is set as well: delete `{first.spelt}`" if twin is not None else "; Celery 6.0 will ignore "
        said += "" if twin is not None else "it" if one else "them"
    remedy, why = _rename(settings, project)
    return check.finding(
        said,
        first.location,
        first.entity,
        related=tuple(Related(each.location, "and here", again=True) for each in shown[1:]),
        remedy=remedy,
        withheld=why,
        severity=ERROR if mixed else None,
    )


def _rename(settings: Sequence[WrittenSetting], project: Project) -> tuple[EditCode | None, str | None]:
    """The edit that gives all SETTINGS their new names, or why there is none."""
    if settings[0].source.kind == "django" and settings[0].source.namespace is None:
        return None, 'the new names need `namespace="CELERY"`'
    if any(each.source.kind == "flask" for each in settings):
        return None, "Flask takes only names in capitals from an object: give them to `celery.conf` itself"
    for setting in settings:
        if is_used_elsewhere(project, setting):
            return None, f"`{setting.spelt}` is used elsewhere too"
        if any(each.name == setting.name and each.spelt != setting.spelt for each in project.written_settings):
            return None, f"`{setting.name}` is set twice, with an old and a new name"
    edits = [renamed(project, each, _new(each)) for each in settings]
    known = tuple(edit for edit in edits if edit is not None)
    path = settings[0].location.path
    if len(known) < len(edits):
        return None, "a name is not written out"
    title = "Use the new names" if len(known) > 1 else f"Rename it to `{known[0].new}`"
    return EditCode(path, title, known, applicability=Applicability.SAFE), None


def _twin(setting: WrittenSetting, project: Project) -> WrittenSetting | None:
    """What gives the same setting its new name, in the same source."""
    same = (
        each for each in project.written_settings
        if each.name == setting.name and each.spelt != setting.spelt and each.source == setting.source
    )  # fmt: skip
    return next(same, None)


def _new(setting: WrittenSetting) -> str:
    assert setting.name is not None
    return spelling(setting, setting.name) if setting.source.namespace else setting.name
