"""CEL804: settings that are plain variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.celery_versions import table
from celery_lint.facts.model import Assignment
from celery_lint.finding import Finding, Location, Span
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.settings.names import PREFIXES, is_for_tests, is_used_elsewhere, renamed, spelling
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, rule

# What may read all capitals of the module.
_FROM_OBJECT = Pattern(rb"from_(?:object|pyfile|mapping)\s*\(|\b__name__\s*[\])]|\bglobals\(\)|\bvars\(")
# Names that mean nothing but Celery's settings.
_UNMISTAKABLE = frozenset({"accept_content", "result_accept_content", "enable_utc"})


@rule("CEL804", "setting-has-no-effect", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A Celery setting is a plain variable of a module: nothing reads it."""
    for setting in project.written_settings:
        if setting.source.kind == "django" and not setting.is_read and not is_for_tests(project, setting):
            yield from _in_django(setting, project)
    seen: set[str] = set()
    for app in project.apps:
        if app.location.path not in seen and not is_aside(app.location.path):
            seen.add(app.location.path)
            yield from _beside_app(app, project)


def _is_setting(name: str) -> bool:
    return name in table().settings and (name.startswith(PREFIXES) or name in _UNMISTAKABLE)


def _in_django(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """`task_acks_late`, `TASK_ACKS_LATE` in Django's settings: Django hides small letters, the namespace is missing."""
    name = setting.name
    if name is None or not _is_setting(setting.spelt.lower()) or is_used_elsewhere(project, setting):
        return
    namespace = setting.source.namespace
    if namespace is None and setting.spelt.isupper():
        return
    right = spelling(setting, name)
    is_set = any(each.is_read and each.name == name for each in project.written_settings)
    edit = renamed(project, setting, right) if not is_set else None
    why = "Django hides settings in small letters" if setting.spelt.islower() else "Celery does not look for it"
    yield check.finding(
        f"`{setting.spelt}` has no effect: {why}; name it `{right}`",
        setting.location,
        setting.entity,
        remedy=EditCode(setting.location.path, f"Rename it to `{right}`", (edit,)) if edit is not None else None,
        withheld=f"`{right}` is set as well" if is_set else None,
    )


def _beside_app(app: App, project: Project) -> Iterator[Finding]:
    """`task_acks_late = True` in the module that makes an app, which does not read its own module."""
    path = app.location.path
    sources = (each.location.path for each in project.written_settings if not each.source.on_app)
    if path in sources:
        return
    for assignment in project.index(path).assignments_by_function.get(-1, []):
        name = (assignment.target or "").removeprefix("@")
        meant = _meant(name, path, project)
        if meant is not None and assignment.value is not None and not _is_used(path, name, assignment, project):
            yield _plain(app, name, meant, assignment, project)


def _meant(name: str, path: str, project: Project) -> str | None:
    """The setting that the variable NAME of the module PATH is meant to be: also of `CELERY_TASK_ACKS_LATE`."""
    if name.startswith("CELERY_") and name.isupper() and not project.files.mentions(path, _FROM_OBJECT):
        name = name.removeprefix("CELERY_").lower()
    return name if _is_setting(name) else None


def _is_used(path: str, name: str, assignment: Assignment, project: Project) -> bool:
    """Whether anything may read the variable NAME of the module PATH."""
    pattern = re.compile(rb"(?<![\w.])" + name.encode() + rb"\b(?!\s*=(?!=))")
    text = project.files.data(path)
    places = (Span(*found.span()) for found in pattern.finditer(text))
    if any(not assignment.span.contains(place) for place in places):
        return True
    module = path.rpartition("/")[2].removesuffix(".py").encode()
    if module == b"__init__":
        module = path.rpartition("/")[0].rpartition("/")[2].encode()
    other = re.compile(
        rb"\bimport\b[^#]{0,5000}\b" + name.encode() + rb"\b|\b" + module + rb"\." + name.encode() + rb"\b"
    )
    return any(project.files.mentions(each, other) for each in project.files.holding(name) if each != path)


def _plain(app: App, name: str, setting: str, assignment: Assignment, project: Project) -> Finding:
    path = app.location.path
    variable = next((held for at, held in app.variables if at == path), None)
    after = variable is not None and assignment.span.start > app.location.span.end
    at = Span(assignment.target_value.span.start, assignment.target_value.span.end)
    written = project.files.data(path)[at.start : at.end].decode(errors="replace")
    can = after and written == name and assignment.annotation is None
    edit = Replacement(at, name, f"{variable}.conf.{setting}")
    return check.finding(
        f"`{name}` is a plain variable: the application does not read it; set `{variable or 'app'}.conf.{setting}`",
        Location(path, assignment.span),
        f"setting:{setting}",
        remedy=EditCode(path, f"Set `{edit.new}`", (edit,)) if can else None,
        withheld=None if can else "the application is not made above it",
    )
