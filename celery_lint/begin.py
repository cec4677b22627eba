"""How a run begins: its files are known, and other processes read those that will be asked for, before the model and
the rules are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.discover import Found, discover, divide
from celery_lint.errors import ConfigurationError, UserError
from celery_lint.project.code.files import Files
from celery_lint.project.code.foreseen import foreseen
from celery_lint.settings import Configuration
from celery_lint.watch import UNWATCHED, Part, Watch

Overlay = Mapping[str, bytes]


class Begun(Struct, frozen=True):
    """What was FOUND, and the files of each of its PROJECTS, which up to JOBS processes may read. STORE has the facts
    that need not be read again."""

    found: Found
    projects: tuple[Files, ...]
    store: FactStore
    jobs: int = 1

    def read_ahead(self, files: Files) -> None:
        """Let others read FILES, those of one project, while this process goes on."""
        if self.jobs > 1:
            files.read_ahead(foreseen(files), self.jobs, partial(_attached, files))

    def close(self) -> None:
        """End all processes that read."""
        for files in self.projects:
            files.close()


def _attached(files: Files, request: bytes) -> bytes:
    # LibCST is loaded where files are read: there fixes are made.
    from celery_lint.fix.parcel import answer

    return answer(request, files.source)


def begin(
    configuration: Configuration,
    overlay: Overlay | None = None,
    *,
    paths: Sequence[str] | None = None,
    store: FactStore | None = None,
    jobs: int = 1,
    watch: Watch = UNWATCHED,
) -> Begun:
    """Find the files that CONFIGURATION is for, or take PATHS for them, and let up to JOBS processes begin to read.
    OVERLAY, STORE and WATCH as for `run`.

    Raises UserError when there is nothing to read, or the configuration asks for what does not exist.
    """
    root, settings = configuration.root, configuration.settings
    store = store or FactStore()
    with watch.at(Part.DISCOVER):
        found = discover(root, settings.exclude) if paths is None else Found(tuple(paths))
    projects = divide(found.paths, settings.projects)
    for glob in settings.projects:
        if not divide(found.paths, [glob]):
            raise ConfigurationError(f'{configuration.origin("projects")}: projects: "{glob}" matches no folder')
    if not any(projects):
        raise UserError(f"nothing to read: {root} holds no file that is not ignored")
    with watch.at(Part.DISCOVER):
        begun = Begun(found, tuple(Files(root, each, overlay, store, watch) for each in projects), store, jobs)
        begun.read_ahead(begun.projects[0])
    return begun
