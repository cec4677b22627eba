"""Turn what a line runs into `Command` facts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from celery_lint.facts.deploy.program import Found
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Command, CommandKind, Place, Word
from celery_lint.finding import Span


def folder(path: str) -> str:
    """The folder of PATH with a `/` at its end: what groups files that are deployed together."""
    return posixpath.normpath(posixpath.dirname(path) or ".") + "/"


class Service(Struct, frozen=True):
    """What a file says about one service besides its command (see `Command`)."""

    file: DeployFile
    kind: CommandKind
    name: str | None = None
    environment: dict[str, str | None] = field(default_factory=dict)
    replicas: int | None = None
    workdir: str | None = None
    overrides: str | None = None
    stage: str | None = None
    entrypoint: tuple[Word, ...] = ()
    alternative: str | None = None
    replicas_place: tuple[int, int] | None = None
    ports: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()

    def commands(self, found: Iterable[Found]) -> Iterator[Command]:
        """FOUND as commands of this service; the same command in two branches of a script is one."""
        seen = set[tuple[str, ...]]()
        for run in found:
            words = tuple(word.value for word in run.words)
            if run.conditions and words in seen:
                continue
            seen.add(words)
            yield self.command(run)

    def command(self, run: Found) -> Command:
        """RUN as a command of this service."""
        places = [word.place for word in run.words if word.place != (0, 0)]
        place = (min(start for start, _ in places), max(end for _, end in places)) if places else (0, 0)
        return self.bare(
            words=tuple(self.file.word(word) for word in run.words),
            span=self.file.span(place),
            run=run,
        )

    def bare(self, words: tuple[Word, ...], span: Span, run: Found) -> Command:
        """A command of WORDS at SPAN, with the rest of RUN."""
        return Command(
            words=words,
            path=self.file.path,
            span=span,
            kind=self.kind,
            alternative=self.alternative or self.file.path,
            service=self.name,
            environment=self.environment | run.environment,
            replicas=self.replicas,
            workdir=run.workdir or self.workdir,
            overrides=self.overrides,
            script=run.script,
            execs=run.execs,
            through=run.through,
            stage=self.stage,
            entrypoint=self.entrypoint,
            conditions=run.conditions,
            replicas_at=self.replicas_at(),
            ports=self.ports,
            env_files=self.env_files,
        )

    def replicas_at(self) -> Place | None:
        """Where the number of replicas is written."""
        return None if self.replicas_place is None else Place(self.file.path, self.file.span(self.replicas_place))
