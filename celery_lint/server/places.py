"""Which project a file belongs to: the one that `celery-lint check FILE` would lint."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from celery_lint.configfile import Place, locate
from celery_lint.gitroot import find_git_root
from celery_lint.server.uris import path_of, real_path, uri_of


class Folder(Struct, frozen=True):
    """A folder of the workspace: as the editor writes it, and where it really is."""

    shown: str
    path: Path


class Folders(Struct, frozen=True):
    """The folders of the workspace; there need not be any."""

    folders: tuple[Folder, ...] = ()

    def added(self, uri: str) -> Folders:
        """These and the folder URI."""
        shown, path = path_of(uri), real_path(uri)
        if shown is None or path is None or any(folder.path == path for folder in self.folders):
            return self
        return Folders((*self.folders, Folder(shown, path)))

    def removed(self, uri: str) -> Folders:
        """These without the folder URI."""
        path = real_path(uri)
        return Folders(tuple(folder for folder in self.folders if folder.path != path))

    def around(self, path: Path) -> Folder | None:
        """The innermost folder that holds PATH."""
        around = [folder for folder in self.folders if path.is_relative_to(folder.path)]
        return max(around, key=lambda folder: len(folder.path.parts), default=None)

    def uri(self, path: Path) -> str:
        """The URI of PATH, through the folder as the editor writes it."""
        folder = self.around(path)
        if folder is None:
            return uri_of(str(path))
        return uri_of(str(Path(folder.shown) / path.relative_to(folder.path)))

    def place_of(self, path: Path) -> Place | None:
        """The project that the file or folder PATH belongs to; None when it is not for us: it is outside of the
        workspace, or the project would be all that somebody has. Raises ConfigurationError."""
        folder = self.around(path)
        if folder is None and self.folders:
            return None
        place = locate(path)
        if place.file is None and folder is not None and find_git_root(place.root) is None:
            place = Place(folder.path, None)
        return None if _is_everything(place.root) else place


def _is_everything(root: Path) -> bool:
    """Whether ROOT is the home of somebody, or a whole disk."""
    if root == Path(root.anchor):
        return True
    try:
        return root == Path.home().resolve()
    except (OSError, RuntimeError):
        return False
