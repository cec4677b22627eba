"""The projects of a workspace: which there are, what is known of each, and what the editor was told.

All of it belongs to the thread of the event loop, but `_look`.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.cache.folder import folder_at, folder_in
from celery_lint.cache.stamp import tool_stamp
from celery_lint.configfile import OWN_FILE, PYPROJECT
from celery_lint.crash import Crash, attempt
from celery_lint.errors import ConfigurationError
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.server.analyst import Analyst
from celery_lint.server.board import Board, Editor
from celery_lint.server.diagnostics import Desk, diagnostics
from celery_lint.server.documents import Document, Documents
from celery_lint.server.looking import take
from celery_lint.server.options import ServerOptions
from celery_lint.server.positions import Units
from celery_lint.server.projects import Project, Projects
from celery_lint.server.snapshot import Broken, Snapshot
from celery_lint.watch import Watch

# Seconds to wait for more of the same: several files opened at once, somebody typing, a branch checked out.
OPENED, SAVED, TYPED, CHANGED_OUTSIDE = 0.05, 0.0, 0.3, 0.5


class View(Struct, frozen=True):
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
        self.units: Units = "utf-16"
        self.takes_versions = True
        self.projects = Projects(self._complain_about)
        self.analyst = Analyst(self._look)
        self._options = options
        self._editor = editor
        self._board = Board(editor)
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
        project = self.projects.adopt(document.path) if document is not None else None
        if project is not None:
            self._publish(project)  # under the name that the editor uses
            self._ask(project, OPENED)

    def changed(self, uri: str, version: int | None, text: str) -> None:
        """A document has another text."""
        document = self.documents.put(uri, version, text)
        if document is not None and self._options.lint_on == "change":
            self._ask_around(document.path, TYPED)

    def saved(self, uri: str) -> None:
        """A document was saved."""
        document = self.documents.get(uri)
        if document is None:
            return
        if _is_configuration(document.path):
            self.survey()
        self._ask_around(document.path, SAVED)

    def closed(self, uri: str) -> None:
        """A document was closed, perhaps without having been saved."""
        document = self.documents.drop(uri)
        if document is None:
            return
        self._ask_around(document.path, OPENED)
        self._drop_unwanted()
        for project in self.projects.around(document.path):
            self._publish(project)

    def touched(self, paths: Iterable[Path]) -> None:
        """Files were changed by somebody else, made, or deleted."""
        paths = [path for path in paths if not self._is_in_editor(path)]
        if any(_is_configuration(path) for path in paths):
            self.survey()
        for path in paths:
            self._ask_around(path, CHANGED_OUTSIDE)

    def survey(self) -> None:
        """Find out anew which projects there are, and look at all of them."""
        before = self._board.take_misplaced()
        self.projects.forget_places()
        for folder in self.projects.folders.folders:
            if folder.path.is_dir():
                self.projects.adopt(folder.path)
        for document in self.documents.all():
            self.projects.adopt(document.path)
        self._drop_unwanted()
        self._board.clear_misplaced(before)
        for project in self.projects.known.values():
            self._ask(project, OPENED)

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
        if project is not None and not project.is_settled:
            future = asyncio.get_running_loop().create_future()
            project.waiting.append(future)
            await asyncio.wait([future], timeout=seconds)
        return self.find(uri)

    async def current(self, uri: str, seconds: float) -> View | None:
        """What is known of the project as it is in the editor now; None when that takes more than SECONDS."""
        view = await self.settled(uri, seconds)
        if view is not None and not view.is_current:
            self._ask(self.projects.known[view.desk.root], SAVED)
            view = await self.settled(uri, seconds)
        return view if view is not None and view.is_current else None

    def desk(self, root: Path) -> Desk:
        """How the editor sees the project at ROOT."""
        return Desk(root, self.documents.below(root), self.projects.folders, self.units, self.takes_versions)

    def _open(self, uri: str) -> tuple[Document | None, Project | None]:
        document = self.documents.get(uri)
        return document, self.projects.of(document.path) if document is not None else None

    def _is_in_editor(self, path: Path) -> bool:
        """Whether PATH is open, so that it does not matter what is on disk. Configurations are read from there."""
        return self.documents.at(path) is not None and path.exists() and not _is_configuration(path)

    def _ask(self, project: Project, delay: float) -> None:
        """Look again at PROJECT."""
        if project.asked == 0:
            self._editor.begin(str(project.place.root))
        project.asked += 1
        self.analyst.ask(project.place.root, delay)

    def _ask_around(self, path: Path, delay: float) -> None:
        """Look again at every project that reads PATH."""
        for project in self.projects.around(path):
            self._ask(project, delay)

    def _drop_unwanted(self) -> None:
        for root in self.projects.unwanted([document.path for document in self.documents.all()]):
            self.analyst.forget(root)
            self._board.forget(self.projects.known.pop(root))

    # looking

    def _look(self, root: Path, watch: Watch) -> None:
        """Look at the project at ROOT, in the thread for that."""
        project = self.projects.known.get(root)
        if project is None:
            return
        asked, started = project.asked, time.monotonic()
        seen = attempt(lambda: self._taken(project, watch))
        seconds = time.monotonic() - started
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._seen, project, asked, seen, seconds)

    def _taken(self, project: Project, watch: Watch) -> Snapshot | Broken:
        store = self._store(project)
        documents = self.documents.below(project.place.root)
        buffers = {path: document.data for path, document in documents.items()}
        before = project.snapshot.overlay if project.snapshot is not None else {}
        seen = take(project.place, buffers, before, store, watch, own_rules=self._options.own_rules)
        if isinstance(seen, Snapshot):
            store.save()
            project.store = store.used()
        return seen

    def _store(self, project: Project) -> FactStore:
        """The facts of the last run; at first those of the cache."""
        if project.store is None:
            folder = None
            if not self._options.no_cache:
                chosen = self._options.cache_dir
                folder = folder_at(str(chosen.absolute())) if chosen else folder_in(str(project.place.root))
            project.store = FactStore(folder, tool_stamp() if folder is not None else b"")
        return project.store

    def _seen(self, project: Project, asked: int, seen: Snapshot | Broken | Crash, seconds: float) -> None:
        if self.projects.known.get(project.place.root) is not project:
            return
        if isinstance(seen, Crash):
            self._editor.log(f"celery-lint itself failed, please report it: {seen.trace}")
        else:
            project.broken = seen if isinstance(seen, Broken) else None
        if isinstance(seen, Snapshot):
            project.snapshot = seen
            self._report(project, seen, seconds)
        elif isinstance(seen, Broken):
            self._editor.log(f"{project.place.root}: {seen.message}")
            if seen.is_configuration:
                self._board.say_once(seen.message)
            else:
                project.snapshot = None
        if project.answered == 0:
            self._editor.end(str(project.place.root))
        project.answered = asked
        self._publish(project)
        self._editor.refresh()
        if project.is_settled:
            project.wake()
        self.analyst.call(self.tidy)

    def tidy(self) -> None:
        """Forget projects as they were: they hold themselves in circles, and nobody else looks for those."""
        gc.collect()

    def _report(self, project: Project, seen: Snapshot, seconds: float) -> None:
        counted = f"{len(seen.run.paths)} files, {len(seen.findings)} findings"
        self._editor.log(f"{project.place.root}: {counted}, {seconds:.2f} s")
        if seen.configuration.withholds_rules:
            folder = seen.configuration.settings.rules_path
            self._editor.log(f"the rules in {folder} are code of the project: `--own-rules` runs them")
        for finding in seen.findings:
            if finding.code == INTERNAL_ERROR:
                self._board.say_once(f"{finding.message}; please report it")
        for trace in seen.run.crashed.values():
            self._editor.log(trace)

    def _complain_about(self, error: ConfigurationError, folder: Path) -> None:
        self._board.show_misplaced(Broken(folder, str(error), True), self.desk(folder))

    def _publish(self, project: Project) -> None:
        """Tell the editor what is known of PROJECT; what belongs to a project inside it, that will tell."""
        desk = self.desk(project.place.root)
        found = diagnostics(project.snapshot, desk) if project.snapshot is not None else {}
        held = {path: each for path, each in found.items() if self.projects.holds(desk.root / path)}
        own = {path: each for path, each in held.items() if self.projects.owns(project, desk.root / path)}
        self._board.show(project, own, desk)
        for path in held.keys() - own.keys():
            self._adopt_inner(desk.root / path)

    def _adopt_inner(self, path: Path) -> None:
        """A finding leads to PATH, which belongs to a project inside another: that is looked at as well."""
        place = self.projects.place(path)
        if place is not None and place.root not in self.projects.known:
            project = self.projects.adopt(path)
            if project is not None:
                self._ask(project, OPENED)


def _is_configuration(path: Path) -> bool:
    return path.name in (OWN_FILE, PYPROJECT)
