"""CEL810: flower for everyone."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location
from celery_lint.project.deployment.flower import is_mild, is_protected, may_be_protected, options, reached_by
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.rule import INFO, MEDIUM, WARNING, rule


@rule("CEL810", "flower-unauthenticated", since="0.1", severity=WARNING, confidence=MEDIUM, security=7.3)
def check(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """flower is started without authentication where others reach it."""
    if command.invocation.subcommand != "flower":
        return
    given = options(command)
    way = reached_by(command, given) if given is not None else None
    if given is None or way is None or is_protected(given, project):
        return
    by_file = may_be_protected(command, project)
    if by_file:
        return
    unless = f", unless `{command.command.env_files[0]}` sets FLOWER_BASIC_AUTH" if by_file is None else ""
    yield check.finding(
        f"flower asks nobody for a password{unless}: whoever reaches {way} sees the arguments and results of all "
        "tasks, and before flower 2 stops workers, too; add `--basic-auth=user:password`, or publish it on 127.0.0.1",
        Location(command.location.path, command.location.span),
        command.entity,
        severity=INFO if by_file is None or is_mild(command) else WARNING,
    )
