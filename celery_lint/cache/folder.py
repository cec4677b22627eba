"""The folder of a cache: files that only this user's celery-lint can have written, replaced as a whole or not."""

from __future__ import annotations

import os
import time
from _blake2 import blake2b  # `hashlib` takes five times as long to load
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

NAME = ".celery_lint_cache"
_SEAL = 32
_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This folder was made by celery-lint and may be deleted. See https://bford.info/cachedir/\n"
)
# Seconds after which nobody is still writing a file.
_STALE = 3600
# What a file may hold; a larger one is none of ours.
_LARGEST = 1 << 28
# Of the mode of a file; the module `stat` is not worth loading.
_KIND, _REGULAR = 0o170000, 0o100000


class Folder(Struct, frozen=True):
    """A cache folder at PATH (absolute). SECRET seals what is written: a project may come with a cache of its own."""

    path: str
    secret: bytes

    def read(self, name: str) -> bytes | None:
        """What `write` put into the file NAME; None when there is no such file, or it is not as this user left it."""
        data = _read(os.path.join(self.path, name))
        if data is None or data[:_SEAL] != self._seal(name, data[_SEAL:]):
            return None
        return data[_SEAL:]

    def write(self, name: str, data: bytes) -> None:
        """Put DATA into the file NAME; nothing happens where nothing can be written."""
        with suppress(OSError):
            self.make()
            _replace(os.path.join(self.path, name), self._seal(name, data) + data)
            self._sweep()

    def keep(self, start: str, names: Iterable[str]) -> None:
        """Delete the files whose names START so, but for NAMES."""
        kept = set(names)
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.startswith(start) and entry.name.endswith(".bin") and entry.name not in kept:
                    with suppress(OSError):
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

    def _seal(self, name: str, data: bytes) -> bytes:
        return blake2b(data, digest_size=_SEAL, key=self.secret, person=name.encode()[:16]).digest()


def folder_in(root: str) -> Folder | None:
    """The cache of the project at ROOT; None where there is no place for a secret."""
    secret = _secret(_home())
    path = os.path.join(root, NAME)
    # A project could point its cache to somewhere else.
    return Folder(path, secret) if secret is not None and not os.path.islink(path) else None


def folder_at(path: str) -> Folder | None:
    """The cache at PATH, which the user names, so that it keeps its secret itself: it can be carried to other
    machines."""
    secret = _secret(path)
    return Folder(path, secret) if secret is not None else None


def _home() -> str | None:
    """Where this user keeps caches."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if not base:
        home = os.path.expanduser("~")
        base = os.path.join(home, ".cache") if home not in ("~", "", "/") else None
    return os.path.join(base, "celery-lint") if base and os.path.isabs(base) else None


def _secret(folder: str | None) -> bytes | None:
    """The secret kept in FOLDER, made when there is none; None when that is not possible."""
    if folder is None:
        return None
    path = os.path.join(folder, "secret")
    known = _read(path, is_private=True)
    if known is not None and len(known) == _SEAL:
        return known
    made = os.urandom(_SEAL)
    try:
        os.makedirs(folder, exist_ok=True)
        _replace(path, made, 0o600)
    except OSError:
        return None
    return _read(path, is_private=True)


def _read(path: str, *, is_private: bool = False) -> bytes | None:
    """What the file PATH holds; None where it is none that `_replace` wrote. With IS_PRIVATE nobody else may have seen
    it: what comes with a project (git knows no file that is for its owner alone) is none of ours."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_BINARY", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError):
        return None
    try:
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if status.st_mode & _KIND != _REGULAR or status.st_size > _LARGEST:
                return None
            if is_private and os.name == "posix" and (status.st_mode & 0o077 or status.st_uid != os.geteuid()):
                return None
            return file.read()
    except OSError:
        return None


def _replace(path: str, data: bytes, mode: int = 0o644) -> None:
    """Write PATH as a whole: readers see the old file or the new one, whenever this is stopped."""
    draft = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
