"""What a run wrote, to be written again as long as nothing has changed since: no file is read, no rule is loaded."""

from __future__ import annotations

import os
from _blake2 import blake2b
from collections.abc import Iterable, Sequence

import msgspec

from celery_lint.cache.folder import Folder

_FILE = "output.bin"
# How many ways to run are remembered: formats, selections, a terminal beside a pipe.
_KEPT = 8
# The clock of a file system is a little behind; some count whole seconds.
_TICK, _SECOND = 20_000_000, 1_000_000_000


class Output(msgspec.Struct, frozen=True, array_like=True):
    """What a run ends with: its exit STATUS, lines or bytes for STDOUT, lines for STDERR."""

    status: int
    stdout: tuple[str, ...] | bytes
    stderr: tuple[str, ...]


class _Watched(msgspec.Struct, frozen=True, array_like=True):
    """How files and folders were: of those that do not exist everything is 0. A folder has no size."""

    paths: tuple[str, ...]
    times: tuple[int, ...]
    sizes: tuple[int, ...]
    inodes: tuple[int, ...]


class _Recording(msgspec.Struct, frozen=True, array_like=True):
    """What the file holds: the OUTPUTS by key, valid while WATCHED is as it was."""

    stamp: bytes
    root: str
    watched: _Watched
    outputs: dict[bytes, Output]


class Replay:
    """The outputs remembered in FOLDER for the project at ROOT by the celery-lint that STAMP tells from others."""

    def __init__(self, folder: Folder, stamp: bytes, root: str) -> None:
        self._folder = folder
        self._stamp = stamp
        self._root = root

    def find(self, key: bytes) -> Output | None:
        """What the run of KEY wrote, if it would write the same today."""
        recording = self._load()
        output = recording.outputs.get(key) if recording is not None else None
        if output is None or recording is None or _look(self._root, recording.watched.paths) != recording.watched:
            return None
        return output

    def record(self, key: bytes, output: Output, watched: Iterable[str], started: int) -> None:
        """Remember that the run of KEY, which STARTED (nanoseconds since the epoch) before it read anything, wrote
        OUTPUT and depends on WATCHED: files and folders, relative to the root or absolute."""
        now = _look(self._root, tuple(watched))
        if not all(_is_settled(time, started) for time in now.times):
            return  # it may have changed while it was read
        known = self._load()
        same = known.outputs if known is not None and known.watched == now else {}
        kept = [(each, known_output) for each, known_output in same.items() if each != key][1 - _KEPT :]
        recording = _Recording(self._stamp, self._root, now, dict([*kept, (key, output)]))
        try:
            self._folder.write(_FILE, msgspec.msgpack.encode(recording))
        except UnicodeEncodeError:
            return  # a name that is no text

    def _load(self) -> _Recording | None:
        data = self._folder.read(_FILE)
        if data is None:
            return None
        try:
            recording = msgspec.msgpack.decode(data, type=_Recording)
        except msgspec.MsgspecError:
            return None
        return recording if (recording.stamp, recording.root) == (self._stamp, self._root) else None


def key_of(parts: Sequence[object]) -> bytes:
    """One key for all PARTS that decide what a run writes; each must have a `repr` that says everything."""
    return blake2b(repr(tuple(parts)).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _look(root: str, paths: tuple[str, ...]) -> _Watched:
    """How PATHS are now."""
    times, sizes, inodes = [], [], []
    stat, start = os.stat, root.rstrip("/") + "/"
    for path in paths:
        try:
            status = stat(path if path.startswith("/") or os.path.isabs(path) else start + path)
        except (OSError, ValueError):
            times.append(0)
            sizes.append(0)
            inodes.append(0)
            continue
        times.append(status.st_mtime_ns)
        sizes.append(0 if status.st_mode & 0o040000 else status.st_size)
        inodes.append(status.st_ino)
    return _Watched(paths, tuple(times), tuple(sizes), tuple(inodes))


def _is_settled(time: int, started: int) -> bool:
    """Whether a change after STARTED would have shown in a modification time of TIME."""
    return time <= started - (2 * _SECOND if time % _SECOND == 0 else _TICK)
