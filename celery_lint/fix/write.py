"""Replaces the content of files, each one whole or not at all, and files that belong together all or none.

A new file is written beside the old one and takes its place in one step (`rename`), so whoever stops this at any moment
leaves the old file or the new one. What an earlier run left beside it when it was killed is deleted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

try:
    import fcntl
except ImportError:  # on Windows, where what a killed run left behind stays
    fcntl = None  # type: ignore[assignment]

_PREFIX, _SUFFIX = ".celery-lint-", ".tmp"
_CHANGED = "it was changed by someone else meanwhile"


class WriteError(Exception):
    """The file at PATH keeps its old content; the message says why, in a few words."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


def write(root: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Put what AFTER says into its files (paths relative to ROOT), in its order; they have to hold what BEFORE says.

    Follows links inside ROOT, keeps permissions and owner. Raises `WriteError` when it cannot be done for one of them;
    then none has changed.
    """
    drafts: list[_Draft] = []
    done: list[_Draft] = []
    try:
        for path in after:
            with _named(path):
                draft = _drafted(path, _target(root, path), before[path], after[path])
            drafts += [draft] if draft is not None else []
        for draft in drafts:
            with _named(draft.path):
                draft.put()
            done.append(draft)
    except BaseException:
        for draft in done:
            draft.take_back()
        for draft in drafts:
            draft.discard()
        raise


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Whatever fails in here, fails for the file at PATH."""
    try:
        yield
    except OSError as error:
        raise WriteError(path, error.strerror or type(error).__name__) from None
    except _Refused as error:
        raise WriteError(path, str(error)) from None


class _Refused(Exception):  # noqa: N818 -- a decision, not an error
    """The file is left alone; the message says why."""


def _target(root: Path, path: str) -> Path:
    """The file behind PATH and its links."""
    target = (root / path).resolve(strict=True)
    if not target.is_relative_to(root.resolve()):
        raise _Refused("it is a link to a file outside of the project")
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _Refused("it is no plain file")
    # A rename would replace a read-only file without asking, and root may write to anything.
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise _Refused("it is read-only")
    # A rename would also part it from them without a word.
    if status.st_nlink > 1:
        raise _Refused("it has other names (hard links), which would keep the old text")
    return target


class _Draft(Struct, frozen=True):
    """A new file at DRAFT, open (and locked) as DESCRIPTOR, which is to take the place of TARGET, the file PATH."""

    path: str
    target: Path
    draft: Path
    descriptor: int
    before: bytes

    def put(self) -> None:
        """Let the new file take its place, unless somebody has changed the old one."""
        if self.target.read_bytes() != self.before:
            raise _Refused(_CHANGED)
        if fcntl is None:
            self._close()  # Windows renames no file that is open
        os.replace(self.draft, self.target)  # noqa: PTH105 -- one call, whatever pathlib makes of it
        _sync_folder(self.target.parent)
        self._close()

    def take_back(self) -> None:
        """Put the old content back, as far as that can be done."""
        with contextlib.suppress(OSError):
            _new_file(self.path, self.target, self.before, self.target.read_bytes()).put()

    def discard(self) -> None:
        """Delete the new file, if it is still there."""
        with contextlib.suppress(OSError):
            os.unlink(self.draft)  # noqa: PTH108
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


def _drafted(path: str, target: Path, before: bytes, after: bytes) -> _Draft | None:
    """A new file with AFTER for TARGET, which has to hold BEFORE; None when it holds AFTER already."""
    current = target.read_bytes()
    if current == after:  # the same file was written under another name
        return None
    if current != before:
        raise _Refused(_CHANGED)
    _sweep(target.parent)
    return _new_file(path, target, after, before)


def _new_file(path: str, target: Path, data: bytes, before: bytes) -> _Draft:
    """A file with DATA in the folder of TARGET that belongs to whom TARGET belongs to."""
    descriptor, name = _opened(target.parent)
    draft = _Draft(path, target, Path(name), descriptor, before)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        _dress(Path(name), target)
        os.fsync(descriptor)
    except BaseException:
        draft.discard()
        raise
    return draft


def _opened(folder: Path) -> tuple[int, str]:
    """A new file in FOLDER, locked: other runs see by that that it is in use."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=_SUFFIX)
        _lock(descriptor)
        if os.fstat(descriptor).st_nlink:  # else another run took it for a leftover before it was locked
            return descriptor, name
        os.close(descriptor)


def _dress(draft: Path, target: Path) -> None:
    """Give DRAFT what TARGET has beside its content: owner, permissions, extended attributes."""
    wanted = target.stat()
    with contextlib.suppress(OSError, AttributeError):  # only root may give files away
        os.chown(draft, wanted.st_uid, wanted.st_gid)
    shutil.copystat(target, draft)
    os.utime(draft)
    status = draft.stat()
    if (status.st_uid, status.st_gid) != (wanted.st_uid, wanted.st_gid):
        raise _Refused("it belongs to someone else, and a new file would not")
    if stat.S_IMODE(status.st_mode) != stat.S_IMODE(wanted.st_mode):
        raise _Refused("its permissions cannot be kept")


# What was left behind


def _sweep(folder: Path) -> None:
    """Delete what runs that were killed left in FOLDER."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _delete_unlocked(entry.path)


def _delete_unlocked(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if _lock(descriptor):
            os.unlink(path)  # noqa: PTH108
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock the file for as long as it is open here; whether nobody else has."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut, where the system lets us."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# New files


def create(file: Path, data: bytes) -> None:
    """Make FILE, which does not exist, with DATA: whole, or not at all. Raises OSError when it cannot be made."""
    draft = file.with_name(f"{_PREFIX}{os.getpid()}{_SUFFIX}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        _lock(descriptor)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        if fcntl is None:
            os.close(descriptor)  # Windows renames no file that is open
        os.replace(draft, file)  # noqa: PTH105
        _sync_folder(file.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
