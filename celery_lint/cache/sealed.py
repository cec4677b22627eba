"""Reading the files of a cache: those that only this user's celery-lint can have written.

This, and what reads a `shortcut`, is all that a run consists of which is spared: it imports what is loaded anyway.
"""

from __future__ import annotations

import os
from _blake2 import blake2b  # `hashlib` takes five times as long to load

NAME = ".celery_lint_cache"
SECRET = "secret"
SEAL = 32
# What a file may hold; a larger one is none of ours.
_LARGEST = 1 << 28
# Of the mode of a file; the module `stat` is not worth loading.
_KIND, _REGULAR = 0o170000, 0o100000


def seal(secret: bytes, name: str, data: bytes | memoryview) -> bytes:
    """What the file NAME of the content DATA begins with, where SECRET is known."""
    return blake2b(data, digest_size=SEAL, key=secret, person=name.encode()[:16]).digest()


def unsealed(folder: str, name: str, secret: bytes) -> bytes | None:
    """What the file NAME in FOLDER holds; None when there is none, or it is not as this user left it."""
    data = read(os.path.join(folder, name))
    if data is None or data[:SEAL] != seal(secret, name, memoryview(data)[SEAL:]):
        return None
    return data[SEAL:]


def home() -> str | None:
    """Where this user keeps caches."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if not base:
        user = os.path.expanduser("~")
        base = os.path.join(user, ".cache") if user not in ("~", "", "/") else None
    return os.path.join(base, "celery-lint") if base and os.path.isabs(base) else None


def known_secret(folder: str | None) -> bytes | None:
    """The secret kept in FOLDER; None when there is none."""
    secret = read(os.path.join(folder, SECRET), is_private=True) if folder is not None else None
    return secret if secret is not None and len(secret) == SEAL else None


def read(path: str, *, is_private: bool = False) -> bytes | None:
    """What the file PATH holds; None where it is none of a cache. With IS_PRIVATE nobody else may have seen it: what
    comes with a project (git knows no file that is for its owner alone) is none of ours."""
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
