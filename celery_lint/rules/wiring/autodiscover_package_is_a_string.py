"""CEL203: a string where a list of packages is meant."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Literal, Text
from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.project.tasks.discovery import all_discoveries
from celery_lint.remedy import WrapInList
from celery_lint.rule import ERROR, HIGH, INFO, rule


@rule("CEL203", "autodiscover-package-is-a-string", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(project: Project) -> Iterator[Finding]:
    """`autodiscover_tasks("proj")` takes the string for a list of one-letter packages."""
    for discovery in all_discoveries(project.files, project.evaluator):
        path, argument = discovery.path, discovery.call.argument(0, "packages")
        known = project.evaluator.text(Placed(path, discovery.call.block, argument.value)) if argument else None
        if argument is not None and isinstance(known, Known):
            yield check.finding(
                f"`autodiscover_tasks` takes the letters of `{known.value}` for packages: the worker stops with "
                f"«No module named '{known.value[:1]}'»; pass a list",
                Location(path, argument.value.span),
                f"package:{known.value}",
                remedy=WrapInList(path, argument.value.span),
            )
    yield from _included(project)


def _included(project: Project) -> Iterator[Finding]:
    """`include="proj.tasks"`: the loader makes a list of it, a worker that starts itself anew does not."""
    for app in project.apps:
        setting = app.settings.get("include")
        if setting is None or not isinstance(setting.value.value, Literal | Text):
            continue
        known = project.evaluator.text(setting.value)
        if isinstance(known, Known):
            place = Location(setting.value.path, setting.value.span)
            yield check.finding(
                f"`include` is the string `{known.value}`: Celery forgives it here, but takes its letters for modules "
                "where it starts processes anew; make it a list",
                place,
                app.entity,
                remedy=WrapInList(place.path, place.span),
                severity=INFO,
            )
