"""CEL707: a schedule that nothing runs."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.deployment.beats import workers_without_beat
from celery_lint.project.model import App, ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, rule


@rule("CEL707", "beat-not-deployed", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(app: App, project: Project) -> Iterator[Finding]:
    """There is a beat schedule, and the deployment starts workers but no beat."""
    # Records of django-celery-beat may be made for a beat of another deployment.
    entries = [entry for entry in project.schedule if entry.app is app and not (entry.is_call and entry.task_is_known)]
    if not entries or all(_is_external(entry, project) for entry in entries):
        return
    workers = workers_without_beat(app, project)
    if not workers:
        return
    first = entries[0]
    named = f"`{first.key}`" if first.key is not None else "its entries"
    more = f" and {len(entries) - 1} more" if len(entries) > 1 and first.key is not None else ""
    places = {command.location: Related(command.location, "starts a worker, but no beat") for command in workers}
    yield check.finding(
        f"`{app.name}` has a schedule, but no deployment file starts beat: {named}{more} never run; add a process with "
        "`celery beat`",
        first.location,
        app.entity,
        related=tuple(places.values()),
    )


def _is_external(entry: ScheduleEntry, project: Project) -> bool:
    """Whether the project says that something else schedules the task: one that cannot be named only under `*`."""
    return any(fnmatch.fnmatch(entry.task or "", pattern) for pattern in project.options.external_beat)
