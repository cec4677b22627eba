"""CEL204: routes that match nothing."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.deployment.routing import Router
from celery_lint.project.model import Route
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, WARNING, listed, rule


@rule("CEL204", "dead-route", since="0.1", severity=WARNING, confidence=HIGH)
def check(route: Route, project: Project) -> Iterator[Finding]:
    """A `task_routes` key matches no task."""
    if project.tasks_open is not None or not project.tasks or _is_foreign(route, project):
        return
    # The tasks of all apps: routes are the sender's, and it may send what another app runs.
    names = {name for task in project.tasks for name in task.names}
    router = Router([route])
    matching = {name for name in names if router.match(name) is not None}
    if not matching:
        yield _of_module(route, project) or _of_empty(route, project) or _finding(route, names, project)
        return
    winner = _shadowed_by(route, matching, project)
    if winner is not None:
        yield check.finding(
            f"route `{route.pattern}` is never used: `{winner.pattern}` before it takes every task it matches",
            route.location,
            f"route:{route.pattern}",
        )


def _is_foreign(route: Route, project: Project) -> bool:
    """Celery's own tasks, tasks declared to live elsewhere, everything, and names of an installed package."""
    pattern = route.pattern
    if pattern.strip("*.") == "" or pattern.startswith("celery.") or (route.is_regex and pattern in (".*", ".+")):
        return True
    if any(fnmatch.fnmatch(pattern, known) for known in project.options.external_tasks):
        return True
    if _is_sent_elsewhere(route, project):
        return True
    head = pattern.replace("\\", "").partition(".")[0]
    return "." in pattern and head.isidentifier() and not project.owns_package(head) and _is_installed(head, project)


def _is_installed(package: str, project: Project) -> bool:
    """Whether the project depends on PACKAGE: it requires it by that name, or imports it (`django-post-office` has
    `post_office`)."""
    imported = re.compile(rb"^[ \t]*(?:from|import)[ \t]+%s\b" % package.encode(), re.MULTILINE)
    return project.requires(package) or project.files.is_mentioned(imported)


def _is_sent_elsewhere(route: Route, project: Project) -> bool:
    """Whether the route is for a task of another service, which this project sends by name."""
    router = Router([route])
    return any(router.match(name) is not None for name in project.sent_names)


def _why(route: Route, names: set[str]) -> str:
    looks_like_glob = any(sign in route.pattern for sign in "?[") and "*" not in route.pattern and not route.is_regex
    if looks_like_glob and any(fnmatch.fnmatch(name, route.pattern) for name in names):
        return " (Celery takes it for a plain name: only keys with `*` are patterns)"
    return ""


def _finding(route: Route, names: set[str], project: Project) -> Finding:
    close = _closest(route.pattern, names)
    hint = f"; did you mean `{close}`?" if close is not None else ""
    why = _why(route, names)
    return check.finding(
        f"route `{route.pattern}` matches no task{why}: what it was meant for goes to the default queue{hint}",
        route.location,
        f"route:{route.pattern}",
    )


def _of_module(route: Route, project: Project) -> Finding | None:
    """The route of a module that does have tasks, under names of their own."""
    module = route.pattern.removesuffix(".*")
    mine = [task for task in project.tasks if route.app in project.apps_of(task)]
    tasks = [task for task in mine if module in project.roots.names_of(task.location.path)]
    if module == route.pattern or not tasks:
        return None
    names = listed([task.name for task in tasks])
    table = project.route_tables[route.app]
    routed = all(table.match(name) is not None for task in tasks for name in task.names)
    rest = "which other routes take; remove this one" if routed else "and go to the default queue; route those names"
    return check.finding(
        f"route `{route.pattern}` matches no task: the tasks of that module have names of their own, {names}, {rest}",
        route.location,
        f"route:{route.pattern}",
        related=tuple(Related(task.location, f"named `{task.name}`") for task in tasks),
    )


def _of_empty(route: Route, project: Project) -> Finding | None:
    """The route of a module that is there, and has no tasks."""
    module = route.pattern.removesuffix(".*")
    found = project.symbols.modules.find(route.location.path, module) if module != route.pattern else None
    if found is None or found[1] or "." not in module or found[0].endswith("__init__.py"):
        return None
    return check.finding(
        f"route `{route.pattern}` matches no task: {found[0]} has none; remove the route, or name the tasks it is for",
        route.location,
        f"route:{route.pattern}",
    )


def _closest(pattern: str, names: set[str]) -> str | None:
    """The existing name, or glob over one module, that looks most like PATTERN."""
    globs = {f"{name.rpartition('.')[0]}.*" for name in names if "." in name}
    close = difflib.get_close_matches(pattern, sorted(globs if "*" in pattern else names), n=3, cutoff=0.6)
    return next((name for name in close if _differs_little(name, pattern)), None)


def _differs_little(name: str, pattern: str) -> bool:
    """Whether each part is like its counterpart: tasks of one package share most of their names' letters anyway."""
    one, other = (text.removesuffix(".*").split(".") for text in (name, pattern))
    pairs = zip(one, other, strict=True) if len(one) == len(other) else ((one[-1], other[-1]),)
    return all(a in b or b in a or difflib.SequenceMatcher(a=a, b=b).ratio() >= 0.6 for a, b in pairs)


def _shadowed_by(route: Route, matching: set[str], project: Project) -> Route | None:
    """An earlier pattern of the same mapping that takes all that ROUTE matches."""
    if "*" not in route.pattern and not route.is_regex:
        return None
    table = project.route_tables[route.app]
    winners = {table.match(name) for name in matching}
    winner = winners.pop() if len(winners) == 1 else None
    if winner is None or winner is route or winner.group != route.group:
        return None
    return winner if ("*" in winner.pattern or winner.is_regex) else None
