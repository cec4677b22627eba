"""Which projects a workspace holds, and which of them a file belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lsprotocol.types import Diagnostic
from msgspec import Struct, field

from celery_lint.cache.facts import FactStore
from celery_lint.configfile import OWN_FILE, Place
from celery_lint.errors import ConfigurationError
from celery_lint.server.places import Folders
from celery_lint.server.snapshot import Broken, Snapshot


class Project(Struct):
    """One project: its PLACE, what is known of it, what was PUBLISHED about it by URI. ASKED counts how often somebody
    wanted it to be looked at, ANSWERED up to which of these that was done. WAITING are those who want to hear when
    nothing more is to come."""

    place: Place
    store: FactStore | None = None
    snapshot: Snapshot | None = None
    broken: Broken | None = None
    published: dict[str, list[Diagnostic]] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to come."""
        return self.asked == self.answered

    def wake(self) -> None:
        """Tell those who are WAITING."""
        for future in self.waiting:
            if not future.done():
                future.set_result(None)
        self.waiting.clear()


class Projects:
    """The projects that FOLDERS, open files and findings lead to. COMPLAIN hears of configurations that cannot be used,
    with the folder they are for."""

    def __init__(self, complain: Callable[[ConfigurationError, Path], None]) -> None:
        self.folders = Folders()
        self.known: dict[Path, Project] = {}
        self._complain = complain
        self._places: dict[Path, Place | ConfigurationError | None] = {}

    def forget_places(self) -> None:
        """Configurations have changed: look for them again."""
        self._places.clear()

    def of(self, path: Path) -> Project | None:
        """The project of PATH, if it is known."""
        place = self.place(path)
        return self.known.get(place.root) if place is not None else None

    def place(self, path: Path) -> Place | None:
        """The project of PATH, as far as that can be told; None when it is not for us."""
        folder = path if any(path == each.path for each in self.folders.folders) else path.parent
        if folder not in self._places:
            try:
                self._places[folder] = self.folders.place_of(path)
            except ConfigurationError as error:
                self._places[folder] = error
                self._complain(error, folder)
            except OSError:  # a folder that nobody may look into
                self._places[folder] = None
        place = self._places[folder]
        if isinstance(place, ConfigurationError):
            return next((project.place for project in self.around(path)), None)
        return place

    def adopt(self, path: Path) -> Project | None:
        """The project of PATH, from now on one of ours."""
        place = self.place(path)
        if place is None:
            return None
        project = self.known.setdefault(place.root, Project(place))
        project.place = place
        return project

    def around(self, path: Path) -> Iterator[Project]:
        """The projects that PATH lies in, the innermost first."""
        roots = [root for root in self.known if path.is_relative_to(root)]
        for root in sorted(roots, key=lambda root: len(root.parts), reverse=True):
            yield self.known[root]

    def unwanted(self, paths: Iterable[Path]) -> list[Path]:
        """The projects that neither a folder nor one of PATHS nor a finding leads to any more."""
        starts = [*(folder.path for folder in self.folders.folders), *paths]
        wanted = {place.root for path in starts if (place := self.place(path)) is not None}
        return [root for root in self.known if root not in wanted and not self._is_inner(root)]

    def holds(self, path: Path) -> bool:
        """Whether PATH is in the workspace: a project can be more than the folder of it that somebody works on."""
        return not self.folders.folders or self.folders.around(path) is not None

    def owns(self, project: Project, path: Path) -> bool:
        """Whether PATH belongs to PROJECT, and not to one inside it."""
        place = self.place(path)
        return place is None or place.root == project.place.root or not place.root.is_relative_to(project.place.root)

    def _is_inner(self, root: Path) -> bool:
        """Whether ROOT is a project of its own inside a folder of the workspace."""
        place = self.place(root / OWN_FILE) if self.folders.around(root) is not None else None
        return place is not None and place.root == root and place.file is not None
