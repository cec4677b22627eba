"""CEL209: more than one application in one package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.tasks.names import module_names
from celery_lint.rule import MEDIUM, WARNING, rule

_BESIDE = frozenset({"scripts", "script", "bin", "migrations", "tools", "benchmarks", "notebooks"})


@rule("CEL209", "multiple-celery-apps", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """More than one `Celery()` in one package."""
    packages: dict[tuple[str, str], list[App]] = defaultdict(list)
    for app in project.apps:
        if _counts(app, project):
            packages[_package(app, project)].append(app)
            yield from _one_factory(app, project)
    for apps in packages.values():
        yield from _several(apps, project)


def _counts(app: App, project: Project) -> bool:
    """Whether an application is made for good: not in a script, not off the side, not by a factory nobody calls."""
    if _BESIDE & set(PurePosixPath(app.location.path).parts[:-1]):
        return False
    argument = app.call.argument(None, "set_as_current")
    place = project.index(app.location.path)
    is_called = bool(app.variables) or place.function_at(app.call.block) is None
    return is_called and not (argument is not None and getattr(argument.value, "value", None) is False)


def _package(app: App, project: Project) -> tuple[str, str]:
    """The import root of an application and its top-level package."""
    module = module_names(app.module_path, project.symbols.modules)[0]
    depth = module.count(".") + (2 if app.module_path.endswith("/__init__.py") else 1)
    return "/".join(app.module_path.split("/")[:-depth]), module.partition(".")[0]


def _several(apps: list[App], project: Project) -> Iterator[Finding]:
    if len({(app.module_path, app.name) for app in apps}) < 2 or _is_unsure(project):
        return
    started = [app for app in apps if any(command.app is app for command in project.commands)]
    if len(started) > 1:
        return
    main = started[0] if started else max(apps, key=lambda app: (_lists(app, project), -len(_own(app, project))))
    for app in apps:
        what = _holdings(app, project, is_started=not started)
        if app is main or app.name == main.name or what is None:
            continue
        never = f"; no command here starts a worker for `{app.name}`" if started else ""
        yield check.finding(
            f"a second application beside `{main.name}`: {what} here, with another broker connection, other routes and "
            f"other settings{never}; use one application, or `@shared_task`",
            app.location,
            app.entity,
            related=(
                Related(main.location, "the application that workers run" if started else "the other application"),
            ),
        )


def _holdings(app: App, project: Project, *, is_started: bool) -> str | None:
    """What depends on an application; None for one that only sends."""
    tasks = _own(app, project)
    if tasks:
        names = ", ".join(f"`{name}`" for name in tasks[:2]) + (" and others" if len(tasks) > 2 else "")
        return f"{names} {'belong' if len(tasks) > 1 else 'belongs'}"
    settings = ("beat_schedule", "task_routes", "include", "imports")
    found = [f"`{name}`" for name in settings if app.settings.get(name) is not None]
    if is_started or not found:
        return None
    return f"{', '.join(found)} {'are' if len(found) > 1 else 'is'} set"


def _is_unsure(project: Project) -> bool:
    """Whether some command may start any of the applications."""
    registration = project.registration
    return any(not command.app_is_known and not registration.is_broken(command) for command in project.commands)


def _own(app: App, project: Project) -> tuple[str, ...]:
    return tuple(task.name for task in project.tasks if task.app is app)


def _lists(app: App, project: Project) -> bool:
    return project.registration.lists_modules(app)


def _one_factory(app: App, project: Project) -> Iterator[Finding]:
    """A factory that several modules call at import: each has an application of its own."""
    made = [place for place in dict.fromkeys(app.variables) if _is_made_in(place, app, project)]
    if len({path for path, _ in made}) < 2:
        return
    (path, name), *others = made
    places = ", ".join(sorted({other for other, _ in others}))
    yield check.finding(
        f"{path} and {places} each call the factory and get an application of their own, so no worker has the tasks of "
        "all of them unless it imports them all; make it once and import it",
        _assigned(path, name, project) or app.location,
        app.entity,
        related=tuple(
            Related(place, "another one") for other in others if (place := _assigned(*other, project)) is not None
        ),
    )


def _is_made_in(place: tuple[str, str], app: App, project: Project) -> bool:
    found = _assigned(*place, project)
    return found is not None and found != app.location and place[0] != app.location.path


def _assigned(path: str, name: str, project: Project) -> Location | None:
    """Where PATH assigns a call to NAME at the top level."""
    for call in project.index(path).facts.calls:
        if call.target == f"@{name}":
            return Location(path, call.span)
    return None
