"""What is known of a project after one look at it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from celery_lint.celery_versions import Table
from celery_lint.finding import Edit, Finding
from celery_lint.run import Run
from celery_lint.scope import Scope
from celery_lint.server.documents import Document
from celery_lint.server.spots import Spots
from celery_lint.settings import Configuration
from celery_lint.source import Source
from celery_lint.views.model import Picture


class Repair(Struct, frozen=True):
    """EDITS that belong together, in files as they are in SOURCES. FINDINGS are those that they cure; SAFE says
    whether all of them may be applied without a look."""

    title: str
    edits: tuple[Edit, ...]
    sources: Mapping[str, Source]
    findings: tuple[Finding, ...] = ()
    safe: bool = True


class Snapshot(Struct, frozen=True, dict=True):
    """The project that CONFIGURATION is for, as it was in one RUN, and what of it is in SCOPE.

    SOURCES are the files that something was found in, as they were read. SEEN are the files that were open, OVERLAY
    what was read in their stead: the last text that could be read, while somebody types. UNREADABLE says so, each with
    the present bytes. RUN and REPAIRS (by path, as far as they were asked for) belong to the thread that made this.
    """

    configuration: Configuration
    run: Run
    scope: Scope
    findings: tuple[Finding, ...]
    urls: Mapping[str, str]
    sources: Mapping[str, Source]
    picture: Picture
    spots: Spots
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    seen: Mapping[str, bytes] = field(default_factory=dict)
    unreadable: tuple[tuple[Finding, Source], ...] = ()
    repairs: dict[str, tuple[Repair, ...]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.configuration.root

    def source(self, path: str) -> Source:
        """The file PATH as it was read. Only for the thread that made this."""
        return self.sources.get(path) or self.run.report.source(path)

    def is_of(self, documents: Mapping[str, Document]) -> bool:
        """Whether DOCUMENTS, by path, are as they were: nobody has typed since."""
        return all(self.seen.get(path) == document.data for path, document in documents.items())

    @property
    def table(self) -> Table:
        """What the project's release of Celery knows."""
        return self.run.projects[0].celery.table

    @cached_property
    def tasks_open(self) -> str | None:
        """Why there may be tasks that cannot be seen; None when there are none."""
        return next((project.tasks_open for project in self.run.projects if project.tasks_open), None)


class Broken(Struct, frozen=True):
    """A project that cannot be looked at: the configuration has to be mended first, or there is nothing to read."""

    root: Path
    message: str
    is_configuration: bool
