"""Task modules that no worker imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.discovery import Discovery, all_discoveries


class Unregistered(Struct, frozen=True):
    """The tasks of one file that the workers of APPS never import."""

    path: str
    tasks: tuple[Task, ...]
    apps: tuple[App, ...]


class IdleDiscovery(Struct, frozen=True):
    """A package in an `autodiscover_tasks` call that is without the module the call looks for. PATHS are the files with
    tasks below it that no worker imports."""

    discovery: Discovery
    place: Placed
    package: str
    paths: tuple[str, ...]


def idle_discoveries(project: Project) -> Iterator[IdleDiscovery]:
    """The packages in which `autodiscover_tasks` surely finds nothing although there are tasks."""
    files = {task.location.path for task in project.tasks}
    for discovery in all_discoveries(project.files, project.evaluator):
        for place in discovery.packages or ():
            known = project.evaluator.text(place)
            paths = _not_found(discovery, known.value, files, project) if isinstance(known, Known) else ()
            if isinstance(known, Known) and paths:
                yield IdleDiscovery(discovery, place, known.value, paths)


def _not_found(discovery: Discovery, package: str, files: set[str], project: Project) -> tuple[str, ...]:
    """The files with tasks below PACKAGE that DISCOVERY was to find; none when it finds some, or cannot be told."""
    registration, path = project.registration, discovery.path
    if discovery.open or discovery.related is None:
        return ()
    own = project.symbols.modules.find(path, package)
    if own is None or own[1] or not own[0].endswith("__init__.py"):
        return ()
    inside = project.symbols.modules.find(path, f"{package}.{discovery.related}")
    if (inside is not None and not inside[1]) or registration.loaded_with([own[0]]) & files:
        return ()
    apps = [app for app in project.apps if path in registration.imported(app).paths]
    if not apps or any(registration.imported(app).open is not None for app in project.apps):
        return ()
    imported = frozenset[str]().union(*(registration.imported(app).paths for app in project.apps))
    folder = own[0].rpartition("/")[0]
    return tuple(sorted(each for each in files - imported if each.startswith(f"{folder}/")))


def unregistered(project: Project) -> Iterator[Unregistered]:
    """The files with tasks that surely no worker imports."""
    if project.options.kind == "library" or not project.apps:
        return
    by_file: Mapping[str, list[Task]] = defaultdict(list)
    for task in project.tasks:
        by_file[task.location.path].append(task)
    sought = {path for idle in idle_discoveries(project) for path in idle.paths}
    for path, tasks in by_file.items():
        if path in sought:
            continue
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
    if registration.may_import(app, path):
        return False
    return bool(registration.commands_of(app)) or registration.lists_modules(app)
