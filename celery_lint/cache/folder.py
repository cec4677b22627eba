"""The folder of a cache: files that only this user's celery-lint can have written, replaced as a whole or not."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from celery_lint.cache.sealed import NAME, SEAL, SECRET, home, known_secret, seal, unsealed

_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This folder was made by celery-lint and may be deleted. See https://bford.info/cachedir/\n"
)
# Seconds after which nobody is still writing a file.
_STALE = 3600


class Folder(Struct, frozen=True):
    """A cache folder at PATH (absolute). SECRET seals what is written: a project may come with a cache of its own."""

    path: str
    secret: bytes

    def read(self, name: str) -> bytes | None:
        """What `write` put into the file NAME; None when there is no such file, or it is not as this user left it."""
        return unsealed(self.path, name, self.secret)

    def write(self, name: str, data: bytes) -> None:
        """Put DATA into the file NAME; nothing happens where nothing can be written."""
        with suppress(OSError):
            self.make()
            _replace(os.path.join(self.path, name), seal(self.secret, name, data), data)
            self._sweep()

    def keep(self, start: str, names: Iterable[str]) -> None:
        """Delete the files whose names START so, but for NAMES."""
        kept = set(names)
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.startswith(start) and entry.name.endswith(".bin") and entry.name not in kept:
                    with suppress(OSError):
                        os.unlink(entry.path)

    def keep_last(self, start: str, most: int, last: str) -> None:
        """Delete the files whose names START so, but for LAST and the MOST others that were written last."""
        with suppress(OSError), os.scandir(self.path) as entries:
            found = [each for each in entries if each.name.startswith(start) and each.name.endswith(".bin")]
            others = [each for each in found if each.name != last]
            for entry in sorted(others, key=lambda each: each.stat(follow_symlinks=False).st_mtime_ns)[:-most]:
                os.unlink(entry.path)

    def make(self) -> None:
        """Make sure that there is the folder, where there can be."""
        if os.path.isdir(self.path):
            return
        with suppress(OSError):
            os.makedirs(self.path, exist_ok=True)
            _replace(os.path.join(self.path, ".gitignore"), b"*\n")
            _replace(os.path.join(self.path, "CACHEDIR.TAG"), _TAG)

    def _sweep(self) -> None:
        """Delete what runs that were killed while they wrote have left here."""
        with os.scandir(self.path) as entries:
            for entry in entries:
                _, _, draft = entry.name.partition(".bin.")
                process, _, rest = draft.partition(".")
                is_draft = process.isdigit() and len(rest) == 8
                if is_draft and time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE:
                    with suppress(OSError):
                        os.unlink(entry.path)


def folder_in(root: str) -> Folder | None:
    """The cache of the project at ROOT; None where there is no place for a secret."""
    secret = _secret(home())
    path = os.path.join(root, NAME)
    # A project could point its cache to somewhere else.
    return Folder(path, secret) if secret is not None and not os.path.islink(path) else None


def folder_at(path: str) -> Folder | None:
    """The cache at PATH, which the user names, so that it keeps its secret itself: it can be carried to other
    machines."""
    secret = _secret(path)
    return Folder(path, secret) if secret is not None else None


def _secret(folder: str | None) -> bytes | None:
    """The secret kept in FOLDER, made when there is none; None when that is not possible."""
    if folder is None:
        return None
    known = known_secret(folder)
    if known is not None:
        return known
    path, made = os.path.join(folder, SECRET), os.urandom(SEAL)
    try:
        os.makedirs(folder, exist_ok=True)
        _replace(path, made, mode=0o600)
    except OSError:
        return None
    return known_secret(folder)


def _replace(path: str, *data: bytes, mode: int = 0o644) -> None:
    """Write PATH as a whole: readers see the old file or the new one, whenever this is stopped."""
    draft = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with open(descriptor, "wb") as file:
            file.writelines(data)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
