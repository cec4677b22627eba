"""The facts of files, by their content (its digest): whatever is as it was need not be read again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from celery_lint.cache.fixes import FixStore
from celery_lint.cache.folder import Folder
from celery_lint.cache.seen import Seen
from celery_lint.cache.stamp import digest
from celery_lint.facts.model import DeployFacts, ImportedNames, PythonFacts

# Most runs add little, which goes into a file of its own: the other takes long to write, and much memory.
_FILE, _NEWS = "facts.bin", "facts-news.bin"
_DAYS, _SECONDS = 7, 86_400
# Of what is kept, the part that may be news.
_FEW = 0.1

Facts = TypeVar("Facts", PythonFacts, DeployFacts, ImportedNames)


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """Encoded facts, and the day (since the epoch) on which a run last used them."""

    day: int
    facts: bytes


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """What a file holds. ENTRIES by a digest of kind, path and content; it was written on DAY (since the epoch)."""

    stamp: bytes
    day: int
    entries: dict[bytes, _Entry]


class FactStore:
    """Facts of earlier runs in FOLDER, and those of this process; without a FOLDER the latter only.

    STAMP says which celery-lint read them. Facts name their file, so the same content elsewhere is another entry. SEEN
    tells the contents of files of the project at ROOT without opening them, FIXES are those of earlier findings.
    """

    def __init__(self, folder: Folder | None = None, stamp: bytes = b"", root: str = "") -> None:
        self.seen = Seen(folder, stamp, root)
        self.fixes = FixStore(folder, stamp)
        self._folder = folder
        self._stamp = stamp
        self._old, self._news = self._load(_FILE), self._load(_NEWS)
        self._known = self._old.entries | self._news.entries
        self._used: dict[bytes, bytes] = {}
        self._has_news = False

    def _load(self, name: str) -> _Stored:
        nothing = _Stored(self._stamp, 0, {})
        data = self._folder.read(name) if self._folder is not None else None
        if data is None:
            return nothing
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except (msgspec.MsgspecError, RecursionError):
            return nothing
        return stored if stored.stamp == self._stamp else nothing

    def find(self, kind: type[Facts], path: str, content: bytes) -> Facts | None:
        """The facts of the file PATH with the CONTENT (a digest); None when no run has read it so."""
        key = _key(kind, path, content)
        entry = self._known.get(key)
        kept = self._used.get(key) if entry is None else entry.facts
        if kept is None:
            return None
        try:
            facts = msgspec.msgpack.decode(kept, type=kind)
        except (msgspec.MsgspecError, RecursionError):
            return None
        self._used[key] = kept
        return facts

    def has(self, kind: type[Facts], path: str, content: bytes) -> bool:
        """Whether a run has read the file PATH with the CONTENT."""
        key = _key(kind, path, content)
        return key in self._known or key in self._used

    def add(self, path: str, content: bytes, facts: Facts) -> None:
        """Remember the FACTS of the file PATH with the CONTENT."""
        self.add_encoded(type(facts), path, content, encoded(facts))

    def add_encoded(self, kind: type[Facts], path: str, content: bytes, facts: bytes) -> None:
        """The same with FACTS that are `encoded` already; nothing where they could not be."""
        if facts:
            self._used[_key(kind, path, content)] = facts
            self._has_news = True

    def used(self) -> FactStore:
        """What was asked of this one, kept in memory only: for the next run of the same process."""
        store = FactStore()
        store._known = {key: _Entry(0, facts) for key, facts in self._used.items()}
        return store

    def save(self) -> None:
        """Write what there is when this run added to it. What no run has used for a week is forgotten."""
        self.fixes.save()
        if self._folder is None or not self._has_news:
            return
        today = int(time.time() // _SECONDS)
        used = {key: _Entry(today, facts) for key, facts in self._used.items()}
        # All of it is written once a day, to note what is still used, and when news are many.
        news = self._news.entries | {key: entry for key, entry in used.items() if key not in self._old.entries}
        if self._old.day == today and _size(news) <= _FEW * _size(self._old.entries):
            self._write(self._folder, _NEWS, today, news)
            return
        recent = {key: entry for key, entry in self._known.items() if entry.day > today - _DAYS}
        self._write(self._folder, _FILE, today, recent | used)
        if self._news.entries:
            self._write(self._folder, _NEWS, today, {})

    def _write(self, folder: Folder, name: str, day: int, entries: dict[bytes, _Entry]) -> None:
        folder.write(name, msgspec.msgpack.encode(_Stored(self._stamp, day, entries)))


def _size(entries: Mapping[bytes, _Entry]) -> int:
    return sum(len(entry.facts) for entry in entries.values())


def encoded(facts: PythonFacts | DeployFacts | ImportedNames) -> bytes:
    """FACTS as they are kept; nothing where that cannot be (an integer of more than 64 bits, half a surrogate pair,
    too deep a nesting): such a file is read each time."""
    try:
        return msgspec.msgpack.encode(facts)
    except (OverflowError, UnicodeEncodeError, RecursionError):
        return b""


def _key(kind: type, path: str, content: bytes) -> bytes:
    return digest(kind.__name__.encode() + b"\0" + path.encode("utf-8", "surrogateescape") + b"\0" + content)
