"""CEL214: beat inside a worker."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location
from celery_lint.project.deployment.beats import lock
from celery_lint.project.deployment.purposes import is_for_development
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, INFO, WARNING, rule


@rule("CEL214", "embedded-beat", since="0.1", severity=WARNING, confidence=HIGH)
def check(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """A worker runs beat inside (`-B`): each further worker doubles every periodic task."""
    flag = command.invocation.options.get("beat")
    if not command.invocation.is_worker or flag is None:
        return
    if lock(command, project) is not None:
        return
    yield check.finding(
        f"this worker runs beat inside (`{flag.text}`): a second copy of it sends every periodic task twice, and a "
        "restart of the worker stops the schedule; run `celery beat` as a process of its own",
        Location(command.location.path, flag.span),
        command.entity,
        severity=INFO if is_for_development(command.command) else WARNING,
    )
