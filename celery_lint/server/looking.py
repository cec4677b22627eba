"""Looking at a project: files as they are on disk, and those that are open as they are in the editor."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from celery_lint import baseline
from celery_lint.cache.facts import FactStore
from celery_lint.catalogue import catalogue_of
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
from celery_lint.run import run
from celery_lint.scope import Scope
from celery_lint.server.snapshot import Broken, Snapshot
from celery_lint.server.spots import find_spots
from celery_lint.settings import Configuration, load
from celery_lint.source import Source
from celery_lint.suppress import without_ignored
from celery_lint.views.drawing import declared_in, draw
from celery_lint.watch import UNWATCHED, Watch


def take(
    place: Place,
    buffers: Mapping[str, bytes],
    before: Mapping[str, bytes],
    store: FactStore,
    watch: Watch = UNWATCHED,
    *,
    own_rules: bool = False,
) -> Snapshot | Broken:
    """Look at the project at PLACE with BUFFERS, by path, for files. BEFORE are the bytes with which they could last be
    read. STORE has the facts that need not be read again. OWN_RULES: the project's own rules, which are its code, may
    run."""
    if not place.root.is_dir():
        return Broken(place.root, "there is no such folder any more", False)
    try:
        configuration = load(place, own_rules=own_rules)
        scope = _scope(configuration)
        overlay, errors = _readable(configuration.root, buffers, before, store)
        done = run(configuration, overlay, store=store, with_fixes=False, watch=watch)
    except ConfigurationError as error:
        return Broken(place.root, str(error), True)
    except UserError as error:
        return Broken(place.root, str(error), False)
    done = replace(done, report=scope.of(done.report))
    picture = draw(configuration.root.name, done.projects, done.report.findings, declared_in(configuration))
    spots = find_spots(done.projects, picture)
    source = done.report.source
    named = {location.path for finding in done.report.findings for location in _locations(finding)}
    paths = {*named, *spots.by_path, *(home.path for home in spots.homes.values())} - {"."}
    read = {path for project in done.projects for path in project.files.answers().read}
    unread = tuple(Unreadable(path, error.message, error.span) for path, error in errors.items() if path in read)
    return Snapshot(
        configuration=configuration,
        run=done,
        scope=scope,
        findings=done.report.findings,
        urls=done.report.urls,
        sources={path: source(path) for path in paths},
        picture=picture,
        spots=spots,
        overlay=overlay,
        seen=dict(buffers),
        unreadable=tuple((finding, Source(path, buffers[path])) for path, finding in _said(configuration, unread)),
    )


def _scope(configuration: Configuration) -> Scope:
    """What counts: all that is not in the baseline."""
    known = frozenset(catalogue_of(configuration).codes)
    try:
        return Scope(baseline.find(configuration, None), known=known)
    except UserError as error:  # it is a part of the configuration, and as easily mended
        raise ConfigurationError(str(error)) from None


class _Unread(Struct, frozen=True):
    files: tuple[Unreadable, ...]

    def subjects(self, kind: type[object], /) -> tuple[object, ...]:
        return self.files if kind is Unreadable else ()


def _said(configuration: Configuration, files: tuple[Unreadable, ...]) -> list[tuple[str, Finding]]:
    """What is reported about FILES, each with its path."""
    if not files:
        return []
    agenda = catalogue_of(configuration).agenda(configuration)
    rules = [rule for rule in agenda.rules if rule.subject() is Unreadable]
    found = judge(_Unread(files), rules, agenda.severities).findings
    return [(finding.location.path, finding) for finding in without_ignored(found, agenda.file_ignores)]


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
