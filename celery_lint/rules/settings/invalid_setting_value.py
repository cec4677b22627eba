"""CEL819: values of settings that fail later."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.celery_versions import table
from celery_lint.finding import Applicability, Finding, Location
from celery_lint.project.project import Project
from celery_lint.project.settings.fatal_values import Fatal, fatal
from celery_lint.project.settings.names import is_for_tests, is_used_elsewhere
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import EditCode
from celery_lint.rule import ERROR, HIGH, rule

_SHARED = "the project reads the setting itself"


@rule("CEL819", "invalid-setting-value", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """The value of a setting fails when the worker or beat starts, or when a task is sent."""
    problem = fatal(setting, project) if setting.is_read else None
    if problem is None or not _is_final(setting) or is_for_tests(project, setting) or _is_unread(setting, project):
        return
    is_shared = bool(problem.edits) and not setting.source.on_app and is_used_elsewhere(project, setting)
    here = problem.at.path == setting.location.path and setting.location.span.contains(problem.at.span)
    yield check.finding(
        f"`{setting.spelt}` {problem.why}",
        Location(problem.at.path, problem.at.span) if here else setting.location,
        setting.entity,
        remedy=_remedy(problem) if not is_shared else None,
        withheld=_SHARED if is_shared else None if problem.edits else "what was meant cannot be told",
    )


def _is_unread(setting: WrittenSetting, project: Project) -> bool:
    """Whether it has an old name beside a namespace: reproduced, Celery 5.5 does not look at it there, 5.7 does."""
    namespace, later = setting.source.namespace, project.celery.is_known and project.celery.at_least("5.7")
    prefix = f"{(namespace or '').rstrip('_')}_"
    is_new = setting.spelt.startswith(prefix) and setting.spelt.removeprefix(prefix).lower() in table().settings
    return bool(namespace) and setting.spelt in table().old_settings and not is_new and not later


def _is_final(setting: WrittenSetting) -> bool:
    """Whether an application is left with this value: no later one, and nothing is added to it at run time."""
    found = [app.settings.get(setting.name or "") for app in setting.apps]
    return any(each is not None and each.value == setting.value for each in found)


def _remedy(problem: Fatal) -> EditCode | None:
    if not problem.edits:
        return None
    new = problem.edits[0].new.replace("${kombu:Queue}", "Queue")
    title = f"Write `{new}`" if len(new) < 40 else "Put it into a list of its own"
    return EditCode(problem.at.path, title, problem.edits, problem.imports, Applicability.SAFE)
