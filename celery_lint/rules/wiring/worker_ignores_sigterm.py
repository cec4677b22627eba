"""CEL216: workers that never hear of the end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Span
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern, Sought
from celery_lint.project.deployment.purposes import CONTAINERS, is_for_development
from celery_lint.project.deployment.shells import Standing, standing
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import MEDIUM, WARNING, rule

# What passes signals on to a whole group of processes, or ends the worker in a way of its own.
_PASSES_ON = Pattern(rb"dumb-init|\btini\b[^\n]{0,500}-g\b|TINI_KILL_PROCESS_GROUP|preStop|shareProcessNamespace")
_ALPINE = Pattern(rb"(?im)^[ \t]*(?:FROM\s|image:).*alpine")
_DOCKERFILE = re.compile(r"dockerfile|containerfile|compose|\.ya?ml$", re.IGNORECASE)


@rule("CEL216", "worker-ignores-sigterm", since="0.1", severity=WARNING, confidence=MEDIUM, fix="unsafe")
def check(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """A shell stands between the container and its worker, so that a stop kills running tasks."""
    run = command.command
    if not command.invocation.is_worker or run.kind not in CONTAINERS or is_for_development(run):
        return
    how = standing(run, project.source(run.path))
    if how is None or _passes_on(project):
        return
    if run.path.endswith((".yml", ".yaml")) and _mentions(project, _ALPINE):
        return
    yield _finding(command, how)


def _passes_on(project: Project) -> bool:
    return _mentions(project, _PASSES_ON)


def _mentions(project: Project, pattern: Sought) -> bool:
    files = project.files
    paths = (path for path in files.paths if not is_aside(path) and (_DOCKERFILE.search(path) or path.endswith(".sh")))
    return any(files.mentions(path, pattern) for path in paths)


def _finding(command: CeleryCommand, how: Standing) -> Finding:
    if "detach" in command.invocation.options:
        who, cure = "this worker goes its own way (`--detach`)", "run it in the foreground"
    elif how.background:
        who, cure = "this worker runs in the background of a script", "give it a container of its own"
    else:
        who, cure = "a shell runs this worker as its child", "write `exec` in front of it"
    word = command.command.words[0]
    insertion = Replacement(Span(word.span.start, word.span.start), "", "exec ")
    remedy = EditCommand(command.location.path, "Let the worker take the shell's place", (insertion,))
    return check.finding(
        f"{who}, so the SIGTERM of `docker stop` or a deploy never reaches it: after the grace period it is killed "
        f"with the tasks it runs; {cure}",
        Location(command.location.path, word.span),
        command.entity,
        remedy=remedy if how.why_not is None else None,
        withheld=how.why_not,
    )
