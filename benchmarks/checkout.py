"""Copies of projects, to be changed at will."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SKIPPED = frozenset({".git", ".hg", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox"})
_MARKERS = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})
_ASIDE = ("test", "doc", "example", "migration", "benchmark")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of a project in FOLDER: how many Python FILES of how many LINES, and two files (relative) to be changed:
    a PLAIN one and one that mentions CELERY, each of middling size, None where there is no such file. PARTS are the
    checkouts that it is made of, none where it is one."""

    name: str
    folder: Path
    files: int
    lines: int
    plain: str | None
    celery: str | None
    parts: tuple[str, ...] = ()


def copied(name: str, source: Path, target: Path) -> Checkout:
    """The project NAME: what git does not ignore in SOURCE, or all of it without git, copied to TARGET, which is
    replaced."""
    _clear(target, source)
    _copy(source, target)
    return _begun(name, target)


def composed(name: str, parts: Sequence[Checkout], target: Path) -> Checkout:
    """One large project NAME: PARTS are its folders, copied to TARGET, which is replaced."""
    _clear(target, *(part.folder for part in parts))
    for part in parts:
        shutil.copytree(part.folder, target / part.name, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return _begun(name, target, tuple(part.name for part in parts))


def _clear(target: Path, *sources: Path) -> None:
    for source in sources:
        if source.resolve().is_relative_to(target.resolve()) or target.resolve().is_relative_to(source.resolve()):
            raise SystemExit(
                f"{source} and the place for its copy, {target}, are one in the other: choose another --folder"
            )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)


def _copy(source: Path, target: Path) -> None:
    for path in _paths(source):
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, copy, follow_symlinks=False)


def _begun(name: str, folder: Path, parts: tuple[str, ...] = ()) -> Checkout:
    """The copy in FOLDER, to be linted."""
    # Where a repository starts is where a project does, and ignore files count in it.
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    paths = sorted(_python(folder))
    lines = 0
    plain: dict[str, int] = {}
    celery: dict[str, int] = {}
    for path in paths:
        data = (folder / path).read_bytes()
        lines += data.count(b"\n")
        if not any(word in path.lower() for word in _ASIDE):
            about = celery if b"celery" in data.lower() or b"shared_task" in data else plain
            about[path] = len(data)
    return Checkout(name, folder, len(paths), lines, _middling(plain), _middling(celery), parts)


def change(folder: Path, path: str, number: int) -> None:
    """Add line NUMBER to the file PATH in FOLDER."""
    with (folder / path).open("a", encoding="utf-8") as file:
        file.write(f"\n_changed_{number} = {number}\n")


def _middling(sizes: dict[str, int]) -> str | None:
    ordered = sorted(sizes, key=lambda path: (sizes[path], path))
    return ordered[len(ordered) // 2] if ordered else None


def _paths(source: Path) -> Iterator[str]:
    if (source / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(listing, cwd=source, check=True, stdout=subprocess.PIPE)
        for name in filter(None, done.stdout.split(b"\0")):
            path = os.fsdecode(name)
            if (source / path).is_file() or (source / path).is_symlink():
                yield path
        return
    for folder, folders, names in os.walk(source):
        if _MARKERS & {*names} and Path(folder) != source:
            folders.clear()
            continue
        folders[:] = sorted(set(folders) - _SKIPPED)
        yield from (os.path.relpath(Path(folder, name), source) for name in sorted(names))


def _python(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix()
