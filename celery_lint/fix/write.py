"""Replaces the content of one file, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path


class WriteError(Exception):
    """The file keeps its old content; the message says why, in a few words."""


def write(root: Path, path: str, before: bytes, after: bytes) -> None:
    """Put AFTER into the file at PATH (relative to ROOT), which has to hold BEFORE.

    Follows links inside ROOT, keeps permissions and owner. Raises `WriteError`.
    """
    try:
        target = _target(root, root / path)
        current = target.read_bytes()
        if current == after:  # the same file was written under another name
            return
        if current != before:
            raise WriteError("it was changed by someone else meanwhile")
        _replace(target, after)
    except OSError as error:
        raise WriteError(error.strerror or type(error).__name__) from None


def _target(root: Path, path: Path) -> Path:
    """The file behind PATH and its links."""
    target = path.resolve(strict=True)
    if not target.is_relative_to(root.resolve()):
        raise WriteError("it is a link to a file outside of the project")
    # A rename would replace a read-only file without asking, and root may write to anything.
    if not target.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise WriteError("it is read-only")
    return target


def _replace(target: Path, data: bytes) -> None:
    """Write a new file next to TARGET and rename it, so that a crash or a full disk leaves the old one."""
    status = target.stat()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary = Path(name)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        with contextlib.suppress(OSError, AttributeError):  # only root may give files away
            os.chown(temporary, status.st_uid, status.st_gid)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut, where the system lets us."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
