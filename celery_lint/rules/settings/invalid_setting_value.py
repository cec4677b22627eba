"""CEL819: values of settings that fail later."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Location
from celery_lint.project.project import Project
from celery_lint.project.settings.fatal_values import Fatal, fatal
from celery_lint.project.settings.names import is_for_tests
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import EditCode
from celery_lint.rule import ERROR, HIGH, rule


@rule("CEL819", "invalid-setting-value", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """The value of a setting fails when the worker or beat starts, or when a task is sent."""
    problem = fatal(setting, project) if setting.is_read else None
    if problem is None or not _is_final(setting) or is_for_tests(project, setting):
        return
    here = problem.at.path == setting.location.path and setting.location.span.contains(problem.at.span)
    yield check.finding(
        f"`{setting.spelt}` {problem.why}",
        Location(problem.at.path, problem.at.span) if here else setting.location,
        setting.entity,
        remedy=_remedy(problem),
        withheld=None if problem.edits else "what was meant cannot be told",
    )


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
