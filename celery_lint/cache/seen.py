"""What earlier runs saw in files that are as they were: their content, by its digest, and which patterns it holds. So a
run after a change opens what has changed, and the few files whose text it needs.

A file is as it was when its time, size and inode are; one that changed just before a run read it is never taken to be.
The answers are kept as bits, one a file: a project has thousands of files and is asked hundreds of patterns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from celery_lint.cache.folder import Folder
from celery_lint.cache.state import NOWHERE, State, is_settled, state_of

_FILE = "seen.bin"
# After so many runs that did not ask for a pattern it is forgotten.
_RUNS = 20
# When so many of the files that are remembered are gone, it begins anew.
_GONE = 1000

Key = tuple[bytes, int]
"""A pattern and its flags."""


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    """The answers to one pattern: the files that hold it (YES) of those that are KNOWN, as bits by number. RUN is the
    last one that asked. It needs one of LITERALS; any text may hold it when there are none."""

    pattern: bytes
    flags: int
    yes: bytes
    known: bytes
    run: int
    literals: tuple[bytes, ...] | None


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """What the file holds. PATHS are numbered by their order; STATES and CONTENTS (empty: not known) go with them."""

    stamp: bytes
    root: str
    run: int = 0
    paths: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    contents: tuple[bytes, ...] = ()
    asked: tuple[_Asked, ...] = ()


class Learned(Struct, frozen=True):
    """What a run learned of files: their states WHEN it began, and digests of the CONTENTS that it knows. ANSWERS are,
    for each pattern, the files that hold it and files that do not. WHOLE are the patterns that were looked for in all
    CODE: whatever of it is not said to hold one of these does not, and is not listed. LITERALS are what each needs."""

    when: Mapping[str, State]
    contents: Mapping[str, bytes]
    answers: Mapping[Key, tuple[Collection[str], Collection[str]]]
    code: Collection[str]
    whole: Collection[Key]
    literals: Mapping[Key, tuple[bytes, ...] | None] = {}


class Look:
    """PATHS of a project as they are now beside how they were in STORED."""

    def __init__(self, stored: _Stored, root: str, paths: Iterable[str]) -> None:
        start = root.rstrip("/") + "/"
        self.when = when = {path: state_of(start + path) for path in paths}
        self._stored = stored
        self._numbers = {
            path: number
            for number, (path, state) in enumerate(zip(stored.paths, stored.states, strict=True))
            if state != NOWHERE and when.get(path) == state
        }
        self._asked = {(each.pattern, each.flags): each for each in stored.asked}
        self._answers: dict[Key, tuple[int, int]] = {}

    def content(self, path: str) -> bytes | None:
        """A digest of the bytes of PATH, when it is as it was and a run has read it."""
        number = self._numbers.get(path)
        return (self._stored.contents[number] or None) if number is not None else None

    def holds(self, key: Key, path: str) -> bool | None:
        """Whether PATH holds the pattern of KEY; None when that is not known."""
        number, asked = self._numbers.get(path), self._asked.get(key)
        if number is None or asked is None or not _has(asked.known, number):
            return None
        return _has(asked.yes, number)

    def needed(self, key: Key) -> tuple[tuple[bytes, ...] | None] | None:
        """The literals that the pattern of KEY needs; None when no run has asked for it."""
        asked = self._asked.get(key)
        return (asked.literals,) if asked is not None else None

    def among(self, paths: Sequence[str]) -> Among:
        """What is known of PATHS alone."""
        return Among(self, self._numbers, self._stored.paths, paths)

    def answer(self, key: Key) -> tuple[int, int]:
        """The files that held the pattern of KEY, and those of which that is known, as bits by number."""
        found = self._answers.get(key)
        if found is None:
            asked = self._asked.get(key)
            found = (_bits(asked.yes), _bits(asked.known)) if asked is not None else (0, 0)
            self._answers[key] = found
        return found


class Among:
    """What LOOK knows of some PATHS; NUMBERS are those of files that are as they were, by path, and NAMES the paths by
    number."""

    def __init__(self, look: Look, numbers: Mapping[str, int], names: Sequence[str], paths: Sequence[str]) -> None:
        self._look = look
        self._names = names
        self._changed = tuple(path for path in paths if path not in numbers)
        self._same = _bits_of(numbers[path] for path in paths if path in numbers)

    def split(self, key: Key) -> tuple[set[str], set[str]]:
        """Those that are known to hold the pattern of KEY, and those of which nothing is known."""
        yes, known = self._look.answer(key)
        unknown = {self._names[number] for number in _numbers_in(self._same & ~known)}
        return {self._names[number] for number in _numbers_in(self._same & known & yes)}, unknown.union(self._changed)


class Seen:
    """What is remembered in FOLDER of the project at ROOT, by the celery-lint that STAMP tells from others. Without a
    FOLDER that is nothing."""

    def __init__(self, folder: Folder | None, stamp: bytes, root: str) -> None:
        self._folder = folder
        self._root = root
        self._started = time.time_ns()
        self._stored = self._load(_Stored(stamp, root))

    def _load(self, nothing: _Stored) -> _Stored:
        data = self._folder.read(_FILE) if self._folder is not None else None
        if data is None:
            return nothing
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except msgspec.MsgspecError:
            return nothing
        sizes = {len(stored.paths), len(stored.states), len(stored.contents)}
        return stored if (stored.stamp, stored.root) == (nothing.stamp, self._root) and len(sizes) == 1 else nothing

    def look(self, paths: Iterable[str]) -> Look:
        """How PATHS are now beside how they were."""
        return Look(self._stored, self._root, paths if self._folder is not None else ())

    def save(self, learned: Callable[[], Sequence[Learned]]) -> None:
        """Remember what was LEARNED by a run that began after this was made."""
        if self._folder is None:
            return
        stored = _learned(self._stored, learned(), self._started)
        try:
            self._folder.write(_FILE, msgspec.msgpack.encode(stored))
        except UnicodeEncodeError:
            return  # a name that is no text


def _learned(stored: _Stored, learned: Sequence[Learned], started: int) -> _Stored:
    """STORED with what was LEARNED by a run that STARTED then."""
    when = {path: state for each in learned for path, state in each.when.items()}
    if sum(path not in when for path in stored.paths) > _GONE:
        stored = msgspec.structs.replace(stored, paths=(), states=(), contents=(), asked=())
    numbers = {path: number for number, path in enumerate(dict.fromkeys((*stored.paths, *when)))}
    before = dict(zip(stored.paths, stored.states, strict=True))
    states = {path: state if is_settled(state[0], started) else NOWHERE for path, state in when.items()}
    same = _bits_of(numbers[path] for path, state in states.items() if before.get(path) == state != NOWHERE)
    contents = {path: content for each in learned for path, content in each.contents.items()}
    old = dict(zip(stored.paths, stored.contents, strict=True))
    return msgspec.structs.replace(
        stored,
        run=stored.run + 1,
        paths=tuple(numbers),
        states=tuple(states.get(path, NOWHERE) for path in numbers),
        contents=tuple(
            contents.get(path) or (old.get(path, b"") if same >> number & 1 else b"")
            for path, number in numbers.items()
        ),
        asked=tuple(_asked(stored, learned, numbers, same)),
    )


def _asked(stored: _Stored, learned: Sequence[Learned], numbers: Mapping[str, int], same: int) -> Iterator[_Asked]:
    """All answers: those that were remembered of the files that are the SAME, and those of this run."""
    found = {(each.pattern, each.flags): (_bits(each.yes), _bits(each.known), each.run) for each in stored.asked}
    run = stored.run + 1
    kept = {key: (yes & same, known & same, last) for key, (yes, known, last) in found.items() if last > run - _RUNS}
    for each in learned:
        code = _bits_of(numbers[path] for path in each.code)
        for key, (holding, others) in each.answers.items():
            yes, known, _ = kept.get(key, (0, 0, run))
            holds = _bits_of(numbers[path] for path in holding)
            asked = _bits_of(numbers[path] for path in others) | (code if key in each.whole else 0)
            # What was remembered of a file that is the same is what this run would have found.
            kept[key] = yes | holds, known | holds | asked, run
    literals = {(each.pattern, each.flags): each.literals for each in stored.asked}
    literals |= {key: needed for each in learned for key, needed in each.literals.items()}
    for (pattern, flags), (yes, known, last) in kept.items():
        yield _Asked(pattern, flags, _bytes(yes), _bytes(known), last, literals.get((pattern, flags)))


def _has(bits: bytes, number: int) -> bool:
    """Whether the bit NUMBER is set."""
    place = number >> 3
    return place < len(bits) and bool(bits[place] >> (number & 7) & 1)


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def _bits_of(numbers: Iterable[int]) -> int:
    """An integer that has the bits NUMBERS set."""
    data = bytearray()
    for number in numbers:
        byte = number >> 3
        if byte >= len(data):
            data.extend(bytes(byte + 1 - len(data)))
        data[byte] |= 1 << (number & 7)
    return int.from_bytes(data, "little")


def _numbers_in(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set in BITS."""
    for place, byte in enumerate(_bytes(bits)):
        while byte:
            low = byte & -byte
            yield place * 8 + low.bit_length() - 1
            byte ^= low
