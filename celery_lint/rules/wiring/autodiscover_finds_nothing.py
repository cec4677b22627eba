"""CEL202: discovery that looks for modules which do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.project import Project
from celery_lint.project.tasks.unregistered import IdleDiscovery, idle_discoveries
from celery_lint.remedy import DiscoverIn
from celery_lint.rule import ERROR, HIGH, rule


@rule("CEL202", "autodiscover-finds-nothing", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """`autodiscover_tasks` looks for a module that its package does not have."""
    for idle in idle_discoveries(project):
        tasks = [task for task in project.tasks if task.location.path in idle.paths]
        names = ", ".join(f"`{task.name}`" for task in tasks[:2]) + (" and others" if len(tasks) > 2 else "")
        yield check.finding(
            f"`autodiscover_tasks` looks for `{idle.package}.{idle.discovery.related}`, which {_what(idle)}, and says "
            f"nothing: {names} in {', '.join(idle.paths[:3])} {'stay' if len(tasks) > 1 else 'stays'} unregistered; "
            "name the modules in `include`, or the module to look for in `related_name`",
            Location(idle.place.path, idle.place.span),
            f"package:{idle.package}",
            related=tuple(Related(task.location, f"task `{task.name}`") for task in tasks),
            remedy=_remedy(idle),
        )


def _what(idle: IdleDiscovery) -> str:
    """What there is in its place."""
    folder = f"{idle.package.replace('.', '/')}/{idle.discovery.related}/"
    return "is a folder without `__init__.py`" if any(folder in path for path in idle.paths) else "does not exist"


def _remedy(idle: IdleDiscovery) -> DiscoverIn | None:
    """Looking for another module helps when the call is about one package, and that has one module with tasks."""
    folder, _, file = idle.paths[0].rpartition("/")
    is_direct = len(idle.paths) == 1 and folder.endswith(idle.package.replace(".", "/"))
    if len(idle.discovery.packages or ()) != 1 or not is_direct:
        return None
    return DiscoverIn(idle.discovery.path, idle.discovery.call.span, file.removesuffix(".py"))
