"""The projects of a workspace: which there are, what is known of each, and what the editor was told.

All of it belongs to the thread of the event loop, but `_look`.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from lsprotocol.types import Diagnostic

from celery_lint.cache.facts import FactStore
from celery_lint.cache.folder import folder_at, folder_in
from celery_lint.cache.stamp import tool_stamp
from celery_lint.configfile import OWN_FILE, PYPROJECT, Place
from celery_lint.crash import Crash, attempt
from celery_lint.errors import ConfigurationError
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.server.analyst import Analyst
from celery_lint.server.broken import broken_diagnostics
from celery_lint.server.diagnostics import Desk, diagnostics
from celery_lint.server.documents import Document, Documents
from celery_lint.server.looking import take
from celery_lint.server.options import ServerOptions
from celery_lint.server.places import Folders
from celery_lint.server.positions import Units
from celery_lint.server.snapshot import Broken, Snapshot
from celery_lint.watch import Watch

# Seconds to wait for more of the same: several files opened at once, somebody typing, a branch checked out.
OPENED, SAVED, TYPED, CHANGED_OUTSIDE = 0.05, 0.0, 0.3, 0.5


class Editor(Protocol):
    """What can be said to the editor."""

    def publish(self, uri: str, version: int | None, found: Sequence[Diagnostic]) -> None:
        """These are all diagnostics of URI."""

    def log(self, message: str) -> None:
        """For those who want to know how it went."""

    def complain(self, message: str) -> None:
        """Something that the user has to know."""

    def refresh(self) -> None:
        """Ask again for what was answered from an older state."""


@dataclass
class Project:
    """One project: its PLACE, what is known of it, what was PUBLISHED about it by URI. WAITING are those who want to
    hear when nothing more is to come."""

    place: Place
    store: FactStore | None = None
    snapshot: Snapshot | None = None
    broken: Broken | None = None
    published: dict[str, list[Diagnostic]] = field(default_factory=dict)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    said: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class View:
    """A document in its project: its PATH there, the SNAPSHOT, and how the editor sees it."""

    snapshot: Snapshot
    path: str
    desk: Desk
    store: FactStore

    @property
    def is_current(self) -> bool:
        """Whether nobody has typed since."""
        return self.snapshot.is_of(self.desk.documents)


class Workspace:
    """Everything that is open and known. EDITOR is told what is new."""

    def __init__(self, options: ServerOptions, editor: Editor) -> None:
        self.documents = Documents()
        self.folders = Folders()
        self.units: Units = "utf-16"
        self.takes_versions = True
        self.projects: dict[Path, Project] = {}
        self.analyst = Analyst(self._look)
        self._options = options
        self._editor = editor
        self._places: dict[Path, Place | ConfigurationError | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to look at projects."""
        self._loop = asyncio.get_running_loop()
        self.analyst.start()
        self.survey()

    # what the editor tells

    def opened(self, uri: str, version: int | None, text: str) -> None:
        """A document was opened."""
        document = self.documents.put(uri, version, text)
        project = self._adopt(document.path) if document is not None else None
        if project is not None:
            self._publish(project)  # under the name that the editor uses
            self.analyst.ask(project.place.root, OPENED)

    def changed(self, uri: str, version: int | None, text: str) -> None:
        """A document has another text."""
        document = self.documents.put(uri, version, text)
        if document is not None and self._options.lint_on == "change":
            self._ask(document.path, TYPED)

    def saved(self, uri: str) -> None:
        """A document was saved."""
        document = self.documents.get(uri)
        if document is None:
            return
        if _is_configuration(document.path):
            self.survey()
        self._ask(document.path, SAVED)

    def closed(self, uri: str) -> None:
        """A document was closed, perhaps without having been saved."""
        document = self.documents.drop(uri)
        if document is None:
            return
        self._ask(document.path, OPENED)
        self._drop(self._unwanted())
        for project in self._around(document.path):
            self._publish(project)

    def touched(self, paths: Iterable[Path]) -> None:
        """Files were changed by somebody else, made, or deleted."""
        paths = [path for path in paths if self.documents.at(path) is None or not path.exists()]
        if any(_is_configuration(path) for path in paths):
            self.survey()
        for path in paths:
            self._ask(path, CHANGED_OUTSIDE)

    def survey(self) -> None:
        """Find out anew which projects there are, and look at all of them."""
        self._places.clear()
        for folder in self.folders.folders:
            self._adopt(folder.path)
        for document in self.documents.all():
            self._adopt(document.path)
        self._drop(self._unwanted())
        for root in self.projects:
            self.analyst.ask(root, OPENED)

    # what the editor asks

    def find(self, uri: str) -> View | None:
        """What is known of the project of the document URI."""
        document, project = self._open(uri)
        if document is None or project is None or project.snapshot is None or project.store is None:
            return None
        root = project.place.root
        path = document.path.relative_to(root).as_posix()
        return View(project.snapshot, path, self.desk(root), project.store)

    async def settled(self, uri: str, seconds: float) -> View | None:
        """The same once nothing more is to come, in SECONDS at most."""
        _, project = self._open(uri)
        if project is not None and not self.analyst.is_settled(project.place.root):
            future = asyncio.get_running_loop().create_future()
            project.waiting.append(future)
            await asyncio.wait([future], timeout=seconds)
        return self.find(uri)

    async def current(self, uri: str, seconds: float) -> View | None:
        """What is known of the project as it is in the editor now; None when that takes more than SECONDS."""
        view = await self.settled(uri, seconds)
        if view is not None and not view.is_current:
            self.analyst.ask(view.desk.root, 0)
            view = await self.settled(uri, seconds)
        return view if view is not None and view.is_current else None

    def desk(self, root: Path) -> Desk:
        """How the editor sees the project at ROOT."""
        return Desk(root, self.documents.below(root), self.folders, self.units, self.takes_versions)

    def _open(self, uri: str) -> tuple[Document | None, Project | None]:
        document = self.documents.get(uri)
        place = self._place(document.path) if document is not None else None
        return document, self.projects.get(place.root) if place is not None else None

    # which projects there are

    def _place(self, path: Path) -> Place | None:
        """The project of PATH, as far as that can be told."""
        folder = path if path in {each.path for each in self.folders.folders} else path.parent
        if folder not in self._places:
            try:
                self._places[folder] = self.folders.place_of(path)
            except ConfigurationError as error:
                self._places[folder] = error
                self._complain_about(error, folder)
        place = self._places[folder]
        if isinstance(place, ConfigurationError):
            around = list(self._around(path))
            return around[0].place if around else None
        return place

    def _adopt(self, path: Path) -> Project | None:
        """The project of PATH, from now on one of ours."""
        place = self._place(path)
        if place is None:
            return None
        project = self.projects.get(place.root)
        if project is None:
            project = self.projects[place.root] = Project(place)
        project.place = place
        return project

    def _around(self, path: Path) -> Iterator[Project]:
        """The projects that PATH lies in, the innermost first."""
        roots = [root for root in self.projects if path.is_relative_to(root)]
        for root in sorted(roots, key=lambda root: len(root.parts), reverse=True):
            yield self.projects[root]

    def _ask(self, path: Path, delay: float) -> None:
        """Look again at every project that reads PATH."""
        for project in self._around(path):
            self.analyst.ask(project.place.root, delay)

    def _unwanted(self) -> list[Path]:
        """The projects that neither a folder nor a document nor a finding leads to any more."""
        starts = [folder.path for folder in self.folders.folders]
        starts += [document.path for document in self.documents.all()]
        wanted = {place.root for path in starts if (place := self._place(path)) is not None}
        return [root for root in self.projects if root not in wanted and not self._is_inner(root)]

    def _is_inner(self, root: Path) -> bool:
        """Whether ROOT is a project of its own inside a folder of the workspace."""
        place = self._place(root / OWN_FILE) if self.folders.around(root) is not None else None
        return place is not None and place.root == root and place.file is not None

    def _drop(self, roots: Iterable[Path]) -> None:
        for root in roots:
            self.analyst.forget(root)
            project = self.projects.pop(root)
            for uri in project.published:
                self._editor.publish(uri, None, ())
            _wake(project)

    # looking

    def _look(self, root: Path, watch: Watch) -> Callable[[], None]:
        """Look at the project at ROOT, in the thread for that; what to do with what was seen."""
        project = self.projects.get(root)
        if project is None:
            return lambda: None
        started, own = time.monotonic(), self._options.own_rules
        store = self._store(project)
        buffers = {path: document.data for path, document in self.documents.below(root).items()}
        before = project.snapshot.overlay if project.snapshot is not None else {}
        seen = attempt(lambda: take(project.place, buffers, before, store, watch, own_rules=own))
        seconds = time.monotonic() - started
        if isinstance(seen, Snapshot):
            store.save()
            project.store = store.used()
        return lambda: self._tell(partial(self._seen, project, seen, seconds))

    def _store(self, project: Project) -> FactStore:
        """The facts of the last run; at first those of the cache."""
        if project.store is None:
            folder = None
            if not self._options.no_cache:
                chosen = self._options.cache_dir
                folder = folder_at(str(chosen.absolute())) if chosen else folder_in(str(project.place.root))
            project.store = FactStore(folder, tool_stamp() if folder is not None else b"")
        return project.store

    def _tell(self, what: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    def _seen(self, project: Project, seen: Snapshot | Broken | Crash, seconds: float) -> None:
        root = project.place.root
        if self.projects.get(root) is not project:
            return
        if isinstance(seen, Crash):
            self._editor.log(f"{root}: celery-lint itself failed, please report it: {seen.trace}")
        elif isinstance(seen, Broken):
            self._editor.log(f"{root}: {seen.message}")
            project.broken = seen
            if seen.is_configuration:
                self._say_once(project, seen.message)
        else:
            project.broken = None
            project.snapshot = seen
            self._report(project, seen, seconds)
        self._publish(project)
        self._editor.refresh()
        if self.analyst.is_settled(root):
            _wake(project)
        # Projects hold each other in circles, and nobody else looks for those.
        self.analyst.call(gc.collect)

    def _report(self, project: Project, seen: Snapshot, seconds: float) -> None:
        counted = f"{len(seen.run.paths)} files, {len(seen.findings)} findings"
        self._editor.log(f"{project.place.root}: {counted}, {seconds:.2f} s")
        for finding in seen.findings:
            if finding.code == INTERNAL_ERROR:
                self._say_once(project, f"{finding.message}; please report it")
        for trace in seen.run.crashed.values():
            self._editor.log(trace)

    def _say_once(self, project: Project, message: str) -> None:
        if message not in project.said:
            project.said.add(message)
            self._editor.complain(message)

    def _complain_about(self, error: ConfigurationError, folder: Path) -> None:
        self._editor.complain(str(error))
        for uri, found in broken_diagnostics(Broken(folder, str(error), True), self.desk(folder)).items():
            self._editor.publish(uri, None, found)

    # telling

    def _publish(self, project: Project) -> None:
        desk = self.desk(project.place.root)
        wanted: dict[str, list[Diagnostic]] = {}
        if project.snapshot is not None:
            for path, found in diagnostics(project.snapshot, desk).items():
                if self._owns(project, desk.root / path):
                    wanted[desk.uri(path)] = found
        if project.broken is not None and project.broken.is_configuration:
            wanted |= broken_diagnostics(project.broken, desk)
        versions = {document.uri: document.version for document in desk.documents.values()}
        for uri in [*wanted, *(uri for uri in project.published if uri not in wanted)]:
            if wanted.get(uri, []) != project.published.get(uri, []):
                self._editor.publish(uri, versions.get(uri), wanted.get(uri, []))
        project.published = wanted

    def _owns(self, project: Project, path: Path) -> bool:
        """Whether PATH belongs to PROJECT and not to one inside it, which then is looked at as well."""
        place = self._place(path)
        if place is None or place.root == project.place.root:
            return True
        if place.root not in self.projects and not place.root.is_relative_to(project.place.root):
            return True
        if place.root not in self.projects:
            self.projects[place.root] = Project(place)
            self.analyst.ask(place.root, OPENED)
        return False


def _wake(project: Project) -> None:
    for future in project.waiting:
        if not future.done():
            future.set_result(None)
    project.waiting.clear()


def _is_configuration(path: Path) -> bool:
    return path.name in (OWN_FILE, PYPROJECT)
