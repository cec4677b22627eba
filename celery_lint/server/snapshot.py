"""What is known of a project after one look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from celery_lint.cache.facts import FactStore
from celery_lint.catalogue import load_catalogue
from celery_lint.celery_versions import Table
from celery_lint.configfile import Place
from celery_lint.crash import attempt
from celery_lint.errors import ConfigurationError, UserError
from celery_lint.facts.deploy import read as read_deploy
from celery_lint.facts.deploy import reads
from celery_lint.facts.model import DeployFacts, PythonFacts, ReadError
from celery_lint.facts.python.reader import read as read_python
from celery_lint.finding import Finding, Location
from celery_lint.judge import judge
from celery_lint.project.model import Unreadable
from celery_lint.regular import read_regular
from celery_lint.run import Run, run
from celery_lint.server.spots import Spots, find_spots
from celery_lint.settings import Configuration, load
from celery_lint.source import Source
from celery_lint.suppress import without_ignored
from celery_lint.views.drawing import declared_in, draw
from celery_lint.views.model import Picture
from celery_lint.watch import Watch


@dataclass(frozen=True)
class Snapshot:
    """The project that CONFIGURATION is for, as it was in one RUN.

    SOURCES are the files that something was found in, as they were read. UNREADABLE are open files that cannot be read
    as they are now (somebody is typing): what is known of them is older, each with its present bytes. LAST are the
    bytes with which open files could be read. RUN belongs to the thread that made it.
    """

    configuration: Configuration
    run: Run
    findings: tuple[Finding, ...]
    urls: Mapping[str, str]
    sources: Mapping[str, Source]
    picture: Picture
    spots: Spots
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    unreadable: tuple[tuple[Finding, Source], ...] = ()

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.configuration.root

    @property
    def table(self) -> Table:
        """What the project's release of Celery knows."""
        return self.run.projects[0].celery.table

    @cached_property
    def tasks_open(self) -> str | None:
        """Why there may be tasks that cannot be seen; None when there are none."""
        return next((project.tasks_open for project in self.run.projects if project.tasks_open), None)


@dataclass(frozen=True)
class Broken:
    """A project that cannot be looked at: the configuration has to be mended first, or there is nothing to read."""

    root: Path
    message: str
    is_configuration: bool


def take(
    place: Place, buffers: Mapping[str, bytes], before: Mapping[str, bytes], store: FactStore, watch: Watch
) -> Snapshot | Broken:
    """Look at the project at PLACE with BUFFERS, by path, for files. BEFORE are the bytes with which they could last be
    read. STORE has the facts that need not be read again."""
    try:
        configuration = load(place)
        overlay, errors = _readable(configuration.root, buffers, before, store)
        done = run(configuration, overlay, store=store, with_fixes=False, watch=watch)
    except ConfigurationError as error:
        return Broken(place.root, str(error), True)
    except UserError as error:
        return Broken(place.root, str(error), False)
    picture = draw(configuration.root.name, done.projects, done.report.findings, declared_in(configuration))
    spots = find_spots(done.projects, picture)
    source = done.report.source
    named = {location.path for finding in done.report.findings for location in _locations(finding)}
    paths = {*named, *spots.by_path, *(home.path for home in spots.homes.values())} - {"."}
    read = {path for project in done.projects for path in project.files.answers().read}
    unread = tuple(Unreadable(path, error.message, error.span) for path, error in errors.items() if path in read)
    return Snapshot(
        configuration,
        done,
        done.report.findings,
        done.report.urls,
        {path: source(path) for path in paths},
        picture,
        spots,
        overlay,
        tuple(
            (finding, Source(finding.location.path, buffers[finding.location.path]))
            for finding in _said(configuration, unread)
        ),
    )


@dataclass(frozen=True)
class _Unread:
    files: tuple[Unreadable, ...]

    def subjects(self, kind: type[object], /) -> tuple[object, ...]:
        return self.files if kind is Unreadable else ()


def _said(configuration: Configuration, files: tuple[Unreadable, ...]) -> tuple[Finding, ...]:
    """What is reported about FILES."""
    if not files:
        return ()
    agenda = load_catalogue().agenda(configuration)
    rules = [rule for rule in agenda.rules if rule.subject() is Unreadable]
    return without_ignored(judge(_Unread(files), rules, agenda.severities).findings, agenda.file_ignores)


def _readable(
    root: Path, buffers: Mapping[str, bytes], before: Mapping[str, bytes], store: FactStore
) -> tuple[dict[str, bytes], dict[str, ReadError]]:
    """BUFFERS, each that cannot be read as it was BEFORE; and what is wrong with those."""
    overlay, errors = dict(buffers), dict[str, ReadError]()
    for path, data in buffers.items():
        last = before.get(path, _on_disk(root / path))
        error = attempt(partial(_error_in, path, data, store)) if last is not None and last != data else None
        if last is not None and isinstance(error, ReadError):
            overlay[path], errors[path] = last, error
    return overlay, errors


def _on_disk(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except OSError:
        return None


def _error_in(path: str, data: bytes, store: FactStore) -> ReadError | None:
    """Why the file PATH cannot be read with the content DATA; None when it can."""
    if path.endswith(".py"):
        python = store.find(PythonFacts, path, data) or read_python(path, data)
        store.add(path, data, python)
        return python.error
    if not reads(path):
        return None
    deployment = store.find(DeployFacts, path, data) or read_deploy(path, data)
    store.add(path, data, deployment)
    return deployment.error


def _locations(finding: Finding) -> list[Location]:
    return [finding.location, *(related.location for related in finding.related)]
