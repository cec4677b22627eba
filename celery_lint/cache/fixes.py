"""The fixes of findings, by what they were made of: LibCST, which makes them, takes longer to load than most rules take
to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from celery_lint.cache.folder import Folder
from celery_lint.cache.stamp import digest
from celery_lint.finding import Finding, Fix
from celery_lint.source import Source

_FILE = "fixes.bin"


class _Made(msgspec.Struct, frozen=True, array_like=True):
    """What came of a remedy: a FIX, or why it is WITHHELD; as long as FILES, by path, have these contents (digests)."""

    files: dict[str, bytes]
    fix: Fix | None
    withheld: str | None


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """What the file holds. MADE by a digest of the remedy."""

    stamp: bytes
    made: dict[bytes, _Made]


class FixStore:
    """Fixes of earlier runs in FOLDER, and those of this process. STAMP says which celery-lint made them."""

    def __init__(self, folder: Folder | None, stamp: bytes) -> None:
        self._folder = folder
        self._stamp = stamp
        self._known = self._load()
        self._used: dict[bytes, _Made] = {}
        self._has_news = False

    def _load(self) -> dict[bytes, _Made]:
        data = self._folder.read(_FILE) if self._folder is not None else None
        if data is None:
            return {}
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except msgspec.MsgspecError:
            return {}
        return stored.made if stored.stamp == self._stamp else {}

    def recalled(self, finding: Finding, source_of: Callable[[str], Source]) -> Finding:
        """FINDING with its fix, or the reason for none, when its remedy was carried out before on the same files.
        SOURCE_OF gives the file at a path."""
        if finding.remedy is None or finding.fix is not None or finding.withheld is not None:
            return finding
        key = _key(finding)
        made = self._used.get(key) or self._known.get(key)
        if made is None or any(_content(path, source_of) != content for path, content in made.files.items()):
            return finding
        self._used[key] = made
        return replace(finding, fix=made.fix, withheld=made.withheld)

    def add(self, finding: Finding, paths: Iterable[str], source_of: Callable[[str], Source]) -> None:
        """Remember what came of the remedy of FINDING, and that this was made of the files PATHS."""
        files = {path: _content(path, source_of) for path in paths}
        self._used[_key(finding)] = _Made(files, finding.fix, finding.withheld)
        self._has_news = True

    def save(self) -> None:
        """Write what this run used, when it added to it."""
        if self._folder is None or not self._has_news:
            return
        try:
            data = msgspec.msgpack.encode(_Stored(self._stamp, self._used))
        except (UnicodeEncodeError, OverflowError):
            return  # some text in it is none
        self._folder.write(_FILE, data)


def _key(finding: Finding) -> bytes:
    # A remedy is data all through: its `repr` says everything.
    return digest(repr(finding.remedy).encode("utf-8", "surrogatepass"))


def _content(path: str, source_of: Callable[[str], Source]) -> bytes:
    try:
        return digest(source_of(path).data)
    except OSError:
        return b""
