"""CEL702: periodic tasks that no worker knows."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.model import ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.project.tasks.missing import is_foreign, missing
from celery_lint.project.tasks.unregistered import Unregistered, unregistered
from celery_lint.rule import ERROR, HIGH, rule


@rule("CEL702", "beat-unknown-task", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """The beat schedule sends a task that no worker knows."""
    # Applications that share their settings share their entries.
    entries = tuple({entry.task_location: entry for entry in project.schedule if entry.task is not None}.values())
    for entry in entries:
        yield from _nameless(entry, project)
    for found in unregistered(project):
        sending = scheduled(found, entries, project)
        if sending:
            yield _not_imported(found, sending, project)


def scheduled(found: Unregistered, entries: tuple[ScheduleEntry, ...], project: Project) -> tuple[ScheduleEntry, ...]:
    """The entries that send tasks of a module that no worker imports."""
    names = {name for task in found.tasks for name in task.names}
    return tuple(entry for entry in entries if entry.task in names and not is_foreign(entry.task or "", project))


def _nameless(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    absent = missing(entry.task or "", entry.task_location.path, project)
    if absent is None:
        return
    yield check.finding(
        f"{entry.described} sends `{entry.task}`, which no task is called: {absent.why}{absent.hint}. "
        "Workers throw its messages away as unregistered",
        entry.task_location,
        entry.entity,
        related=absent.related,
    )


def _not_imported(found: Unregistered, entries: tuple[ScheduleEntry, ...], project: Project) -> Finding:
    first, *others = entries
    app = next((app for app in found.apps if app is first.app), found.apps[0])
    return check.finding(
        f"{first.described} sends `{first.task}`, but no worker of `{app.name}` imports {found.path}: "
        "workers throw its messages away as unregistered; add its module to `include`",
        first.task_location,
        first.entity,
        related=(
            *(Related(task.location, "the task") for task in found.tasks if first.task in task.names),
            Related(app.location, "the application that does not import it"),
            *(Related(entry.task_location, f"{entry.described} sends a task of that module too") for entry in others),
        ),
    )
