"""What a run wrote, to be written again as long as nothing has changed since that counts: no rule is loaded.

When nothing at all has changed no file is read. Otherwise those that have are asked what the run asked of them.
"""

from __future__ import annotations

import os
import time
from _blake2 import blake2b
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from celery_lint.cache.answers import LARGEST_TEXT, Answers, names_in, together
from celery_lint.cache.folder import Folder
from celery_lint.cache.saying import RUN
from celery_lint.cache.stamp import digest
from celery_lint.cache.state import State, is_settled, state_of

_FILE, _ANSWERS, _REPORTS = "output.bin", "answers.bin", "reports-"
# When more than these have changed somebody has updated the project: a run is soon done.
_FEW = 50
# How many ways to run are remembered: formats, selections, a terminal beside a pipe.
_KEPT = 8


class Output(msgspec.Struct, frozen=True, array_like=True):
    """What a run ends with: its exit STATUS, lines or bytes for STDOUT, lines for STDERR, and FILES: where each
    is to be written, and what."""

    status: int
    stdout: tuple[str, ...] | bytes
    stderr: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()


class _Watched(msgspec.Struct, frozen=True, array_like=True):
    """How files and folders were: of those that do not exist everything is 0. A folder has no size."""

    paths: tuple[str, ...]
    times: tuple[int, ...]
    sizes: tuple[int, ...]
    inodes: tuple[int, ...]

    def at(self, index: int) -> tuple[int, int, int]:
        """How the file or folder at INDEX was."""
        return self.times[index], self.sizes[index], self.inodes[index]


class _Recording(msgspec.Struct, frozen=True, array_like=True):
    """What the file holds: the OUTPUTS by key, valid while WATCHED is as it was. ANSWERS is a digest of what the other
    file has to hold. FILES are digests of what an output wrote to files, which is kept elsewhere: it may be large, and
    is of use to one way to run only."""

    stamp: bytes
    root: str
    watched: _Watched
    answers: bytes
    outputs: dict[bytes, Output]
    files: dict[bytes, bytes] = {}


class Replay:
    """The outputs remembered in FOLDER for the project at ROOT by the celery-lint that STAMP tells from others.
    IMPORTS gives a digest of what a Python file of these bytes imports."""

    def __init__(self, folder: Folder, stamp: bytes, root: str, imports: Callable[[bytes], bytes]) -> None:
        self._folder = folder
        self._stamp = stamp
        self._root = root
        self._imports = imports
        self._sure: _Watched | None = None

    def find(self, key: bytes) -> Output | None:
        """What the run of KEY wrote, if it would write the same today."""
        recording = self._load()
        if recording is None or key not in recording.outputs:
            return None
        files = self._files(key, recording.files[key]) if key in recording.files else ()
        if files is None:
            return None
        started = time.time_ns()
        if not self._is_true(recording, _look(self._root, recording.watched.paths), started):
            return None
        return msgspec.structs.replace(recording.outputs[key], files=files)

    def holds(self, key: bytes, watched: Sequence[str], states: Sequence[State], started: int) -> bool:
        """Whether the run of KEY, which depends on WATCHED (absolute paths), would write the same with these in STATES.
        Somebody STARTED (nanoseconds since the epoch) to look at them before."""
        recording = self._load()
        if recording is None or key not in recording.outputs or key in recording.files:
            return False
        paths = recording.watched.paths
        if list(_places(self._root, paths)) != watched:
            return False
        return self._is_true(recording, _watched(paths, states), started)

    def _is_true(self, recording: _Recording, now: _Watched, started: int) -> bool:
        """Whether RECORDING holds as things are NOW; somebody STARTED to look before. If so it is known from now on."""
        if now == recording.watched:
            self._sure = now
            return True
        if not self._counts_for_nothing(recording, now):
            return False
        if all(is_settled(each, started) for each in now.times):
            self._write(_FILE, msgspec.structs.replace(recording, watched=now))
            self._sure = now
        return True

    def record(
        self,
        key: bytes,
        output: Output,
        watched: Iterable[str],
        answers: Answers,
        started: int,
        seen: Mapping[str, State],
    ) -> None:
        """Remember that the run of KEY, which STARTED (nanoseconds since the epoch) before it read anything, wrote
        OUTPUT and depends on WATCHED: files (relative to the root) and folders (absolute). ANSWERS say how much. SEEN
        are the files that it looked at before it read them, and how they were."""
        now = _look(self._root, tuple(watched), seen)
        if not all(is_settled(each, started) for each in now.times):
            return  # it may have changed while it was read
        known, before, kept = self._load(), None, []
        if known is not None and known.watched == now:
            before = self._answers(known.answers)
            kept = [each for each in known.outputs.items() if each[0] != key][1 - _KEPT :]
        if before is None or not kept:
            folders = {path: names_in(path) for path in now.paths if os.path.isabs(path) and os.path.isdir(path)}
            before, kept = Answers(folders=folders), []
        # In this order: answers to more than an output asks for do no harm.
        asked = self._write(_ANSWERS, together((before, answers)))
        written = {each: known.files[each] for each, _ in kept if known is not None and each in known.files}
        if output.files:
            written[key] = self._write(_name_of(key), output.files)
        outputs = dict([*kept, (key, msgspec.structs.replace(output, files=()))])
        self._write(_FILE, _Recording(self._stamp, self._root, now, asked, outputs, written))
        self._folder.keep(_REPORTS, map(_name_of, written))
        self._sure = now

    def sure(self) -> tuple[Sequence[str], Sequence[State]] | None:
        """The files and folders (absolute) that the output depends on which was found or recorded last, and how each
        of them is; None when there is none, or it may change unseen."""
        if self._sure is None:
            return None
        paths, times, sizes, inodes = msgspec.structs.astuple(self._sure)
        return list(_places(self._root, paths)), list(zip(times, sizes, inodes, strict=True))

    def _write(self, name: str, content: _Recording | Answers | tuple[tuple[str, bytes], ...]) -> bytes:
        """Put CONTENT into the file NAME; a digest of it."""
        try:
            data = msgspec.msgpack.encode(content)
        except UnicodeEncodeError:
            return b""  # a name that is no text
        self._folder.write(name, data)
        return digest(data)

    def _answers(self, wanted: bytes) -> Answers | None:
        """The answers with the digest WANTED, if these are still there."""
        data = self._folder.read(_ANSWERS)
        if data is None or digest(data) != wanted:
            return None
        try:
            return msgspec.msgpack.decode(data, type=Answers)
        except msgspec.MsgspecError:
            return None

    def _files(self, key: bytes, wanted: bytes) -> tuple[tuple[str, bytes], ...] | None:
        """What the run of KEY wrote to files, as the digest WANTED says; None when it is not there."""
        data = self._folder.read(_name_of(key))
        if data is None or digest(data) != wanted:
            return None
        try:
            return msgspec.msgpack.decode(data, type=tuple[tuple[str, bytes], ...])
        except msgspec.MsgspecError:
            return None

    def _counts_for_nothing(self, recording: _Recording, now: _Watched) -> bool:
        """Whether a run would not notice what has changed since RECORDING; NOW is how things are."""
        before = recording.watched
        changed = [index for index in range(len(now.paths)) if before.at(index) != now.at(index)]
        answers = self._answers(recording.answers) if len(changed) <= _FEW else None
        return answers is not None and all(
            self._is_alike(answers, now.paths[index], max(before.sizes[index], now.sizes[index])) for index in changed
        )

    def _is_alike(self, answers: Answers, path: str, size: int) -> bool:
        """Whether the file or folder PATH answers as before. SIZE is the larger one of a file's."""
        if path in answers.folders:
            return names_in(path) == answers.folders[path]
        if os.path.isabs(path) or (not path.endswith(".py") and size > LARGEST_TEXT):
            return False
        from celery_lint.regular import read_regular  # most runs find nothing changed

        try:
            data = read_regular(os.path.join(self._root, path))
        except OSError:
            return False
        return answers.stay(path, data, self._imports)

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
    return blake2b(repr(tuple(parts)).encode("utf-8", "surrogatepass"), digest_size=RUN).digest()


def _name_of(key: bytes) -> str:
    """The name of the file that holds what the run of KEY wrote to files."""
    return f"{_REPORTS}{key.hex()[:8]}.bin"


def _places(root: str, paths: Iterable[str]) -> Iterator[str]:
    """PATHS, which are relative to ROOT or absolute, as they can be opened."""
    start = root.rstrip("/") + "/"
    for path in paths:
        yield path if path.startswith("/") or os.path.isabs(path) else start + path


def _look(root: str, paths: tuple[str, ...], seen: Mapping[str, State] | None = None) -> _Watched:
    """How PATHS are now, but for those that were SEEN."""
    known = seen or {}
    places = zip(paths, _places(root, paths), strict=True)
    return _watched(paths, [known.get(path) or state_of(place) for path, place in places])


def _watched(paths: tuple[str, ...], states: Sequence[State]) -> _Watched:
    times, sizes, inodes = zip(*states, strict=True) if states else ((), (), ())
    return _Watched(paths, times, sizes, inodes)
