"""What a cache depends on beside the project: this very celery-lint, on this Python."""

from __future__ import annotations

import os
import sys
from _blake2 import blake2b

from celery_lint import __version__

TYPE_CHECKING = False  # `collections` takes a while to load
if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = 16


def tool_stamp() -> bytes:
    """Different whenever this celery-lint could say something else: its version, its files (it may be a checkout that
    somebody works on), the interpreter, and what is installed beside it."""
    stamp = blake2b(digest_size=_SIZE)
    for part in (__version__, sys.version, *_environments()):
        stamp.update(part.encode("utf-8", "surrogateescape") + b"\0")
    for line in sorted(_files(os.path.dirname(os.path.dirname(__file__)))):
        stamp.update(line.encode("utf-8", "surrogateescape") + b"\0")
    return stamp.digest()


def _environments() -> Iterator[str]:
    """The folders that packages are installed in: their time changes with each package. Asking for versions takes
    longer than the rest of a run that finds nothing changed."""
    for path in sys.path:
        if path.endswith(("site-packages", "dist-packages")) and os.path.isdir(path):
            yield f"{path} {os.stat(path).st_mtime_ns}"


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"


def digest(data: bytes) -> bytes:
    """What tells one content from another."""
    return blake2b(data, digest_size=_SIZE).digest()
