"""CEL215: beat that runs more than once."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.deployment.beats import lock, started_together
from celery_lint.project.deployment.purposes import is_for_development
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, MEDIUM, rule


@rule(
    "CEL215",
    "replicated-beat",
    since="0.1",
    severity=ERROR,
    confidence=HIGH,
    fix="unsafe",
    absorbs=("CEL214",),
)
def check(project: Project) -> Iterator[Finding]:
    """More than one beat runs for one application."""
    for command in project.beats:
        if (command.command.replicas or 0) > 1 and lock(command, project) is None:
            yield _replicated(command, project)
    for nodes in _multi(project):
        if lock(nodes[0], project) is None:
            yield _nodes(nodes)
    for beats in started_together(project):
        if all(lock(command, project) is None for command in beats):
            yield _several(beats)


def _replicated(command: CeleryCommand, project: Project) -> Finding:
    run = command.command
    embedded = "worker with beat inside" if command.invocation.is_worker else "beat"
    is_mild = is_for_development(run)
    remedy, withheld = _remedy(command, project)
    return check.finding(
        f"{run.replicas} replicas of this {embedded} run, so every periodic task is sent {run.replicas} times: "
        f"{'move beat to a service of its own' if command.invocation.is_worker else 'beat must run once'}",
        command.location,
        command.entity,
        related=(Related(Location(run.replicas_at.path, run.replicas_at.span), "as many as this says"),)
        if run.replicas_at is not None
        else (),
        remedy=remedy,
        withheld=withheld,
        severity=INFO if is_mild else ERROR,
    )


def _remedy(command: CeleryCommand, project: Project) -> tuple[EditCommand | None, str | None]:
    place = command.command.replicas_at
    if command.invocation.is_worker:
        return None, "fewer workers may be too few; beat needs a service of its own"
    if place is None:
        return None, "the number of replicas is not written in one place"
    old = project.source(place.path).text(place.span)
    if old.strip("'\" ") != str(command.command.replicas):
        return None, "the number of replicas is a variable"
    new = old.replace(str(command.command.replicas), "1")
    return EditCommand(place.path, "Run beat once", (Replacement(place.span, old, new),)), None


def _multi(project: Project) -> Iterator[list[CeleryCommand]]:
    """The nodes of one `celery multi start … -B`, all of which have a beat."""
    by_command: dict[int, list[CeleryCommand]] = {}
    for command in project.beats:
        if command.invocation.node is not None:
            by_command.setdefault(id(command.command), []).append(command)
    yield from (nodes for nodes in by_command.values() if len(nodes) > 1)


def _nodes(nodes: list[CeleryCommand]) -> Finding:
    first = nodes[0]
    return check.finding(
        f"`celery multi` gives `-B` to each of its {len(nodes)} nodes, so every periodic task is sent {len(nodes)} "
        "times: start `celery beat` by itself",
        first.location,
        first.entity,
        withheld="beat needs a process of its own",
    )


def _several(beats: tuple[CeleryCommand, ...]) -> Finding:
    # A beat inside a worker is the one too many.
    *others, last = sorted(beats, key=lambda command: command.invocation.is_worker)
    assert last.app is not None
    names = " and ".join(f"`{command.command.service}`" for command in (*others, last))
    return check.finding(
        f"{names} each start beat for `{last.app.name}`, so every periodic task is sent {len(beats)} times: keep one",
        last.location,
        last.entity,
        related=tuple(Related(command.location, "another beat of the application") for command in others),
        withheld="which beat stays is yours to say",
        confidence=MEDIUM,
    )
