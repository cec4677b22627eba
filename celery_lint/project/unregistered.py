"""Task modules that no worker imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from celery_lint.project.model import App, Task
from celery_lint.project.project import Project


@dataclass(frozen=True)
class Unregistered:
    """The tasks of one file that the workers of APPS never import."""

    path: str
    tasks: tuple[Task, ...]
    apps: tuple[App, ...]


def unregistered(project: Project) -> Iterator[Unregistered]:
    """The files with tasks that surely no worker imports."""
    if project.options.kind == "library" or not project.apps:
        return
    by_file: Mapping[str, list[Task]] = defaultdict(list)
    for task in project.tasks:
        by_file[task.location.path].append(task)
    for path, tasks in by_file.items():
        apps = _apps(tasks, project)
        if apps and all(_misses(app, path, project) for app in apps):
            yield Unregistered(path, tuple(tasks), apps)


def _apps(tasks: list[Task], project: Project) -> tuple[App, ...]:
    """The applications one of which has to import the file: the tasks' own, or any for shared tasks."""
    owners = tuple(dict.fromkeys(task.app for task in tasks if task.app is not None))
    return owners if len(owners) == 1 and all(task.app is not None for task in tasks) else project.apps


def _misses(app: App, path: str, project: Project) -> bool:
    """Whether the workers of APP surely do not import PATH. Where no command starts one, an application that lists
    task modules says what its workers import; without a list, `-A` may name any module."""
    registration = project.registration
    imported = registration.imported(app)
    if imported.open is not None or path in imported.paths:
        return False
    return bool(registration.commands_of(app)) or registration.lists_modules(app)
