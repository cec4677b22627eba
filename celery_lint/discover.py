"""DISCOVER: the files of one project."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from msgspec import Struct, field
from pathspec import GitIgnoreSpec

from celery_lint.gitignore import IgnoreFile, inherited, inherited_files, is_ignored, read_ignore_file

_SKIPPED = frozenset({
    ".git", ".hg", ".svn", "node_modules", "bower_components", "__pycache__", "__pypackages__", "site-packages",
    "dist-packages", ".tox", ".nox", ".venv", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
    ".import_linter_cache", ".celery_lint_cache", ".terraform", ".idea",
})  # fmt: skip

# A folder that holds one of these is no source: a virtual environment, or a cache that says so of itself.
_MARKERS = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})

# Neither code nor deployment is ever written in these: asking git about thousands of pictures takes a while.
_ASSETS = frozenset({
    ".png", ".jpg", ".jpeg", ".gif", ".ico", ".svg", ".webp", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3",
    ".mp4", ".wav", ".webm", ".pdf", ".zip", ".gz", ".bz2", ".xz", ".zst", ".tar", ".whl", ".jar", ".pyc", ".pyd",
    ".so", ".dll", ".dylib", ".exe", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".vue", ".css", ".scss", ".less",
    ".map", ".html", ".htm", ".po", ".mo", ".sqlite", ".sqlite3", ".db", ".csv", ".parquet", ".pkl", ".npy", ".ipynb",
    ".sarif", ".jsonl",
})  # fmt: skip


class Unlisted(Struct, frozen=True):
    """A folder that could not be read, and why. PATH is relative to the root."""

    path: str
    message: str


class Found(Struct, frozen=True):
    """The files of a project: paths relative to its root, with `/`, sorted. Every file is there once.

    LOOKED_AT are the folders and ignore files (absolute, they need not exist) that decide what they are.
    """

    paths: tuple[str, ...]
    unlisted: tuple[Unlisted, ...] = ()
    looked_at: tuple[str, ...] = ()


def discover(root: Path, exclude: Sequence[str] = ()) -> Found:
    """The files under ROOT that git would track, without EXCLUDE (patterns as in a `.gitignore` of ROOT).

    Symbolic links are followed last, and only to what lies under ROOT and has not been found under its own name.
    """
    root = root.resolve()
    walk = _Walk(root.as_posix().rstrip("/") + "/", GitIgnoreSpec.from_lines(exclude))
    walk.folder(str(root), inherited(root))
    walk.follow_links()
    return Found(tuple(sorted(walk.files)), tuple(walk.unlisted), (*inherited_files(root), *walk.looked_at))


def divide(paths: Sequence[str], globs: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """PATHS by project: each folder that one of GLOBS (`services/*`) matches is one; all are one without GLOBS.

    A path in no such folder is in no project, one in several is in the deepest.
    """
    if not globs:
        return (tuple(paths),)
    projects: dict[str, list[str]] = {}
    for path in paths:
        folders = (path.rsplit("/", cut)[0] for cut in range(1, path.count("/") + 1))
        folder = next((folder for folder in folders if any(_matches(folder, glob) for glob in globs)), None)
        if folder is not None:
            projects.setdefault(folder, []).append(path)
    return tuple(tuple(projects[folder]) for folder in sorted(projects))


def _matches(folder: str, glob: str) -> bool:
    """Whether the whole of FOLDER matches GLOB; `*` does not match `/`."""
    parts, wanted = folder.split("/"), glob.strip("/").removeprefix("./").split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _is_template(name: str) -> bool:
    """Whether a folder is of a project that is yet to be made: `{{cookiecutter.project_slug}}`. No import leads there,
    and what looks like Python in it is text of another language."""
    return "{{" in name or name.startswith("{%")


class _Walk(Struct):
    """One walk: what it has found so far."""

    root: str
    exclude: GitIgnoreSpec
    files: list[str] = field(default_factory=list)
    unlisted: list[Unlisted] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    links: list[tuple[str, tuple[IgnoreFile, ...]]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def folder(self, top: str, ignore_files: tuple[IgnoreFile, ...]) -> None:
        """Collect the files at and below TOP; IGNORE_FILES are those of the folders above it."""
        # What is below is no link: its way from here is that of TOP itself.
        start, real_start = len(top), os.path.realpath(top)
        waiting = [(top, ignore_files)]
        while waiting:
            folder, above = waiting.pop()
            real = real_start + folder[start:]
            if real in self.seen:
                continue
            self.seen.add(real)
            self.looked_at.append(folder)
            entries = self.entries(folder)
            if folder + "/" != self.root and any(entry.name in _MARKERS for entry in entries):
                continue
            own = read_ignore_file(folder, Path(folder, ".gitignore"))
            if own is not None:
                self.looked_at.append(f"{folder}/.gitignore")
            known = (*above, own) if own else above
            waiting.extend((entry.path, known) for entry in self.below(entries, known))

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What is in FOLDER, by name; nothing when it cannot be read."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=attrgetter("name"))
        except OSError as error:
            self.unlisted.append(Unlisted(self.relative(folder) or ".", error.strerror or str(error)))
            return []

    def below(
        self, entries: Sequence[os.DirEntry[str]], ignore_files: tuple[IgnoreFile, ...]
    ) -> Iterator[os.DirEntry[str]]:
        """Keep the files among ENTRIES, and yield the folders to go on with."""
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not self.wanted(entry.path, is_folder, ignore_files):
                continue
            if is_folder:
                yield entry
            elif entry.is_symlink():
                self.links.append((entry.path, ignore_files))
            elif entry.is_file():
                self.seen.add(entry.path)
                self.files.append(self.relative(entry.path))

    def wanted(self, path: str, is_folder: bool, ignore_files: tuple[IgnoreFile, ...]) -> bool:
        """Whether PATH is neither an asset, nor excluded, nor ignored by git."""
        name = path.rpartition("/")[2]
        if is_folder and (name in _SKIPPED or _is_template(name)):
            return False
        if not is_folder and name[name.rfind(".") :].lower() in _ASSETS:
            return False
        marked = path + "/" if is_folder else path
        if self.exclude.patterns and self.exclude.match_file(self.relative(marked)):
            return False
        return not is_ignored(marked, ignore_files)

    def follow_links(self) -> None:
        """Add what the links met so far lead to, as long as it is new and under the root."""
        while self.links:
            path, ignore_files = self.links.pop(0)
            target = os.path.realpath(path)
            if target in self.seen or not target.startswith(self.root):
                continue
            if Path(target).is_dir():
                if self.wanted(path, True, ignore_files):
                    self.folder(path, ignore_files)
            elif Path(target).is_file():
                self.seen.add(target)
                self.files.append(self.relative(path))

    def relative(self, path: str) -> str:
        """PATH relative to the root."""
        return path.removeprefix(self.root)
