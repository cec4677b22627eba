"""Put together what several deployment files say: one worker is one command, however many files it takes.

A service that runs a script runs what the script runs; one that builds an image runs the image's command or
replaces it; an override file changes the services of the file beside it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

import msgspec

from celery_lint.facts.deploy.celery_command import runs_celery
from celery_lint.facts.deploy.resolve import Caller, holds, reread, resolved
from celery_lint.facts.deploy.scripts import Scripts
from celery_lint.facts.model import Command, DeployFacts, Word

_OVERRIDE = re.compile(r"((?:docker-)?compose)\.override\.ya?ml$")
_DEEPEST = 6


def merge_alternatives(facts: Iterable[DeployFacts]) -> tuple[Command, ...]:
    """The commands that all of FACTS together run: those of Celery, and scripts that no file of FACTS holds.

    Scripts and image commands that some service runs are that service's, with its name, environment, replicas and
    group; on their own they are only listed when no service runs them.
    """
    return _Merge({fact.path: fact for fact in _overridden(facts)}).commands()


def _overridden(facts: Iterable[DeployFacts]) -> Iterator[DeployFacts]:
    """FACTS, where `docker-compose.override.yml` and the like went into the file that they change."""
    by_path = {fact.path: fact for fact in facts}
    bases = dict[str, str]()
    for path in by_path:
        base = _base_of(path, by_path)
        if base is not None:
            bases[path] = base
    for path, fact in by_path.items():
        if path in bases:
            continue
        overrides = [by_path[other] for other, base in bases.items() if base == path]
        commands = fact.commands
        for override in overrides:
            commands = _over(commands, override.commands, path)
        copies = tuple(copy for other in overrides for copy in other.copies)
        yield msgspec.structs.replace(fact, commands=commands, copies=fact.copies + copies)


def _base_of(path: str, known: Iterable[str]) -> str | None:
    folder, name = posixpath.split(path)
    match = _OVERRIDE.match(name)
    if match is None:
        return None
    stems = (match[1], "docker-compose", "compose")
    candidates = [posixpath.join(folder, stem + ending) for stem in stems for ending in (".yml", ".yaml")]
    present = set(known)
    return next((candidate for candidate in candidates if candidate in present), None)


def _over(base: tuple[Command, ...], override: tuple[Command, ...], alternative: str) -> tuple[Command, ...]:
    """The services of BASE with those of OVERRIDE over them."""
    changed = {command.service for command in override}
    kept = [command for command in base if command.service not in changed]
    merged = list[Command]()
    for service in dict.fromkeys(command.service for command in override):
        below = [command for command in base if command.service == service]
        above = [command for command in override if command.service == service]
        merged.extend(_laid_over(below, above))
    return tuple(msgspec.structs.replace(command, alternative=alternative) for command in (*kept, *merged))


def _laid_over(below: list[Command], above: list[Command]) -> list[Command]:
    """One service: the commands of ABOVE when it has any, else those of BELOW, with the settings of both."""
    if not below:
        return above
    base, top = below[0], above[0]
    says = [command for command in above if command.words or command.script]
    return [
        msgspec.structs.replace(
            command,
            environment=base.environment | command.environment | top.environment,
            replicas=base.replicas if top.replicas is None else top.replicas,
            replicas_at=base.replicas_at if top.replicas is None else top.replicas_at,
            ports=(*base.ports, *(port for port in top.ports if port not in base.ports)),
            env_files=(*base.env_files, *(path for path in top.env_files if path not in base.env_files)),
            workdir=top.workdir or base.workdir,
            overrides=command.overrides or base.overrides or (base.script if command.words else None),
        )
        for command in says or below
    ]


class _Merge:
    def __init__(self, files: dict[str, DeployFacts]) -> None:
        self.files = files
        self.used: set[str] = set()
        self.scripts = Scripts(files)

    def commands(self) -> tuple[Command, ...]:
        services = [
            linked
            for fact in self.files.values()
            for command in fact.commands
            if command.kind not in ("shell", "dockerfile")
            for linked in self.linked(command)
        ]
        images = [linked for command in self.alone("dockerfile") for linked in self.linked(command)]
        alone = [linked for command in self.alone("shell") for linked in self.linked(command)]
        # A script that another stand-alone script runs has been linked meanwhile.
        alone = [command for command in alone if command.path not in self.used or command.service is not None]
        known = {_texts(command) for command in services}
        images = [command for command in images if _texts(command) not in known]
        return tuple(command for command in (*services, *images, *alone) if runs_celery(command) or command.script)

    def alone(self, kind: str) -> list[Command]:
        """The commands of files of KIND that no service runs."""
        return [
            command
            for path, fact in self.files.items()
            if path not in self.used
            for command in fact.commands
            if command.kind == kind
        ]

    def linked(self, command: Command, depth: int = _DEEPEST) -> Iterator[Command]:
        """COMMAND, or what the script or image it runs, runs for it."""
        base = self.files.get(command.overrides or "")
        if base is not None:
            self.used.add(base.path)
            command, words = self.based(command, base)
            if words is not None:
                yield from self.behind_entrypoint(command, words, depth)
                return
        path = self.scripts.find(command) if command.script else None
        if path is None or depth == 0:
            yield command
            return
        self.used.add(path)
        for inner in self.stage(self.files[path], command.stage):
            yield from self.run_by(command, inner, depth)

    def based(self, command: Command, base: DeployFacts) -> tuple[Command, tuple[Word, ...] | None]:
        """COMMAND with the environment of what it replaces, and its words behind the ENTRYPOINT when that matters."""
        inherited = self.stage(base, command.stage)
        if not inherited:
            return command, None
        first = inherited[0]
        command = msgspec.structs.replace(
            command,
            environment=first.environment | command.environment,
            workdir=command.workdir or first.workdir,
            replicas=first.replicas if command.replicas is None else command.replicas,
            replicas_at=first.replicas_at if command.replicas is None else command.replicas_at,
            ports=command.ports or first.ports,
            env_files=command.env_files or first.env_files,
        )
        needs = not runs_celery(command) and command.script is None and not command.entrypoint
        return command, (*first.entrypoint, *command.words) if needs and first.entrypoint else None

    def behind_entrypoint(self, command: Command, words: tuple[Word, ...], depth: int) -> Iterator[Command]:
        for found, originals in reread(command, words):
            whole = msgspec.structs.replace(
                command,
                words=originals,
                script=found.script,
                through=found.through,
                execs=found.execs,
                overrides=None,
                environment=command.environment | found.environment,
            )
            yield from self.linked(whole, depth - 1)

    def stage(self, fact: DeployFacts, stage: str | None) -> list[Command]:
        """The commands of FACT for STAGE: a build stage, or a service of another compose file."""
        if fact.commands and fact.commands[0].kind == "compose":
            return [command for command in fact.commands if command.service == stage]
        own = [command for command in fact.commands if command.stage == stage]
        return own or [command for command in fact.commands if command.stage is None]

    def run_by(self, command: Command, inner: Command, depth: int) -> Iterator[Command]:
        """INNER, a command of the script or image that COMMAND runs, as COMMAND's own."""
        environment = dict(command.environment)
        environment = (inner.environment | environment) if inner.kind in ("dockerfile", "compose") else environment
        caller = Caller(environment, command.words[1:])
        if any(holds(condition, caller) is False for condition in inner.conditions):
            return
        exported = {} if inner.kind in ("dockerfile", "compose") else inner.environment
        merged = msgspec.structs.replace(
            inner,
            words=resolved(inner.words, caller),
            service=command.service or inner.service,
            environment=environment | exported,
            replicas=inner.replicas if command.replicas is None else command.replicas,
            replicas_at=inner.replicas_at if command.replicas is None else command.replicas_at,
            ports=command.ports or inner.ports,
            env_files=command.env_files or inner.env_files,
            workdir=inner.workdir or command.workdir,
            alternative=command.alternative,
            kind=command.kind,
            execs=inner.execs and (command.execs or not command.words),
            overrides=None if inner.kind == "dockerfile" else inner.overrides,
            conditions=command.conditions
            + tuple(condition for condition in inner.conditions if holds(condition, caller) is None),
        )
        yield from self.linked(merged, depth - 1)


def _texts(command: Command) -> tuple[str | None, ...]:
    return tuple(word.text for word in command.words)
