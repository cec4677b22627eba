"""LINK: the runs of Celery's command line, and the workers that the configuration declares: which applications they
are of, told before anything else is known of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from celery_lint.celery_versions import Table
from celery_lint.facts.deploy.celery_command import Invocation, invocations
from celery_lint.facts.deploy.merge import merge_alternatives
from celery_lint.facts.model import Command
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.roots import Start
from celery_lint.project.deployment.launchers import launched
from celery_lint.project.deployment.named_apps import Named, NamedApps
from celery_lint.project.settings.apps import Apps, Draft
from celery_lint.settings import DeclaredWorker


class Started(Struct, frozen=True):
    """What a COMMAND starts: one INVOCATION of Celery, of one of the applications DRAFTS; none where that cannot be
    told. NAMES_APP: its own words lead to one that is seen. START: what they show about import roots."""

    command: Command
    invocation: Invocation
    drafts: tuple[Draft, ...]
    names_app: bool
    start: Start


class Declared(Struct, frozen=True):
    """A WORKER that the configuration declares, of one of the applications DRAFTS. START as for commands."""

    worker: DeclaredWorker
    drafts: tuple[Draft, ...]
    start: Start


class Commands(Struct, frozen=True):
    """All that is STARTED, and the workers DECLARED, in the order of files and lines."""

    started: tuple[Started, ...]
    declared: tuple[Declared, ...]

    @property
    def starts(self) -> tuple[Start, ...]:
        """What they show about import roots."""
        return (*(each.start for each in self.started), *(each.start for each in self.declared))


def find_commands(apps: Apps, table: Table, declared: Sequence[DeclaredWorker]) -> Commands:
    """The commands of deployment files and launchers as the Celery of TABLE understands them, and the workers
    DECLARED."""
    named = NamedApps(apps)
    return Commands(
        tuple(
            _started(command, invocation, owner, named)
            for command, owner in _commands(apps)
            for invocation in invocations(command, table)
        ),
        tuple(_declared(worker, named) for worker in declared),
    )


def _commands(apps: Apps) -> Iterator[tuple[Command, Placed | None]]:
    facts = [apps.files.deploy(path) for path in apps.files.deploy_paths]
    yield from ((command, None) for command in merge_alternatives(facts))
    yield from launched(apps.files, apps.evaluator)


def _started(command: Command, invocation: Invocation, owner: Placed | None, named: NamedApps) -> Started:
    found = _named(command, invocation, owner, named)
    drafts = found.drafts or _likely(invocation, owner, named)
    return Started(command, invocation, drafts, bool(found.drafts), found.start)


def _named(command: Command, invocation: Invocation, owner: Placed | None, named: NamedApps) -> Named:
    """The applications that the command's own words lead to."""
    if owner is not None:
        return Named(tuple(named.apps.of(owner) or ()))
    text = invocation.app.text if invocation.app is not None else None
    return named.of_command(text, command) if text is not None else Named()


def _likely(invocation: Invocation, owner: Placed | None, named: NamedApps) -> tuple[Draft, ...]:
    """The applications that a command may be of whose words lead to none."""
    if owner is not None:
        return ()
    if invocation.app is None:
        return named.apps.drafts if not invocation.open else ()
    text = invocation.app.text
    # A module of the project that gets its application in a way nobody can follow: the only one there is.
    return named.apps.drafts if text is None or named.has_module(text) else ()


def _declared(worker: DeclaredWorker, named: NamedApps) -> Declared:
    if worker.app is None:
        return Declared(worker, named.apps.drafts, Start())
    found = named.named(worker.app, "")
    return Declared(worker, found.drafts, found.start)
