"""CEL209: more than one application in one package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, listed, rule

_BESIDE = frozenset({"scripts", "script", "bin", "migrations", "tools", "benchmarks", "notebooks"})
# What only workers, and beat, do something with.
_OF_WORKERS = ("beat_schedule", "task_routes", "include", "imports")


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
    module = project.roots.names_of(app.module_path)[0]
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
        if app is main or app.name == main.name:
            continue
        said = _told(app, main, project) if started else _untold(app, main, project)
        if said is None:
            continue
        yield check.finding(
            said,
            app.location,
            app.entity,
            # Without a command that says which is the right one, neither is to blame: the message names the other.
            related=(Related(main.location, "the application that workers run"),) if started else (),
        )


def _told(app: App, main: App, project: Project) -> str | None:
    """What is wrong with APP beside MAIN, which workers run; None for one that only sends."""
    tasks, never = _own(app, project), f"and no command here starts a worker for `{app.name}`"
    if tasks:
        return f"{_belongs(tasks, main)}, {never}; use one application, or `@shared_task`"
    settings = [name for name in _OF_WORKERS if app.settings.get(name) is not None]
    if not settings:
        return None
    are = "is set" if len(settings) == 1 else "are set"
    return (
        f"{listed(settings)} {are} on a second application beside `{main.name}`, {never}: the workers here go without; "
        "use one application"
    )


def _untold(app: App, main: App, project: Project) -> str | None:
    """The same where no command says which of the two workers run."""
    tasks = _own(app, project)
    return f"{_belongs(tasks, main)}; use one application, or `@shared_task`" if tasks else None


def _belongs(tasks: tuple[str, ...], main: App) -> str:
    belong = "belongs" if len(tasks) == 1 else "belong"
    return (
        f"{listed(tasks)} {belong} to a second application beside `{main.name}`, with a broker connection, routes and "
        "settings of its own"
    )


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
    modules = [path, *sorted({other for other, _ in others} - {path})]
    yield check.finding(
        f"{listed(modules)} each call the factory and get an application of their own, so no worker has the tasks of "
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
