"""CEL707: a schedule that nothing runs."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.code.files import is_aside
from celery_lint.project.model import App, CeleryCommand, ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, rule

_DEPLOYMENTS = frozenset({"compose", "procfile", "kubernetes", "helm", "supervisor", "systemd", "platform"})
_BEAT = re.compile(rb"(?<![\w-])beat(?!\w)|celerybeat|redbeat|\s-B\b", re.IGNORECASE)
_STARTS_BEAT = re.compile(rb"\bBeat\(|celery\.bin\.beat|celery\.apps\.beat|[\"']beat[\"']|EmbeddedService")


@rule("CEL707", "beat-not-deployed", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(app: App, project: Project) -> Iterator[Finding]:
    """There is a beat schedule, and the deployment starts workers but no beat."""
    # Records of django-celery-beat may be made for a beat of another deployment.
    entries = [entry for entry in project.schedule if entry.app is app and not (entry.is_call and entry.task_is_known)]
    workers = [command for command in project.registration.commands_of(app) if _is_deployed(command)]
    if not entries or not workers or all(_is_external(entry, project) for entry in entries) or _may_run(project):
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


def _is_deployed(command: CeleryCommand) -> bool:
    return command.command.kind in _DEPLOYMENTS


def _may_run(project: Project) -> bool:
    """Whether anything that is deployed mentions beat, or some code starts it."""
    if project.beats or any(command.invocation.open for command in project.commands):
        return True
    if any(_BEAT.search(project.files.data(path)) for path in project.files.deploy_paths if not path.endswith(".py")):
        return True
    return any(not is_aside(path) for path in project.files.mentioning(_STARTS_BEAT))
