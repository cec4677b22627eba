"""LINK: whether Django runs every view in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Literal, Subscript
from celery_lint.finding import Location
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.project import Project
from celery_lint.project.settings.django import Django

_NAME = "ATOMIC_REQUESTS"
_MENTIONS = Pattern(rb"ATOMIC_REQUESTS")


def atomic_requests(project: Project) -> Location | None:
    """Where `ATOMIC_REQUESTS` is switched on; None when it surely is nowhere, or is told not to be."""
    paths = list(project.files.mentioning(_MENTIONS))
    found = [each for path in paths for each in _set_in(path, project)]
    found += [each for app in project.apps[:1] for each in _of_databases(app.module_path, project)] if paths else []
    states = {project.evaluator.scalar(value) for value in found}
    first = found[0] if found else None
    return Location(first.path, first.span) if first is not None and states == {Known(True)} else None


def _set_in(path: str, project: Project) -> Iterator[Placed]:
    """`DATABASES["default"]["ATOMIC_REQUESTS"] = True`"""
    for each in project.index(path).facts.assignments:
        target = each.target_value
        key = target.index if isinstance(target, Subscript) else None
        if each.value is not None and isinstance(key, Literal) and key.value == _NAME:
            yield Placed(path, each.block, each.value)


def _of_databases(path: str, project: Project) -> Iterator[Placed]:
    """`DATABASES = {"default": {"ATOMIC_REQUESTS": True}}`"""
    for value in Django(project.evaluator).values(path, "DATABASES"):
        for _, _, database in project.evaluator.entries(value):
            for key, _, given in project.evaluator.entries(database):
                if key == Known(_NAME):
                    yield given
