"""What a run asked of files that it did not read: as long as a file answers alike, it may change.

Most files of a project say nothing about Celery. A run searches them for a few hundred patterns, and of some it asks
what they import. Both can be asked again of the new bytes alone: in a hundredth of the time that a run takes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

import msgspec

from celery_lint.cache.stamp import digest

# What is larger was not written by people; it is no Python and is not searched.
LARGEST_TEXT = 1 << 20
# Whatever writes these does so while a project is worked on; no file of a project is called so.
_PASSING = (".pyc", "~", ".swp", ".celery_lint_cache", "__pycache__")


class Question(msgspec.Struct, frozen=True, array_like=True):
    """Whether a file's bytes hold the regular expression PATTERN, which needs one of LITERALS (in small
    letters when case does not count; any file may hold it when there are none). YES are the files that do, NO those
    that do not; None when all others do not. Of files that are in neither it was not asked, and will not be, as long as
    what was asked of them before gets the same answers."""

    pattern: bytes
    flags: int
    literals: tuple[bytes, ...] | None
    yes: frozenset[str]
    no: frozenset[str] | None = None

    def was_asked_of(self, path: str) -> bool:
        """Whether anybody asked it of the file PATH."""
        return self.no is None or path in self.no or path in self.yes

    def answer(self, data: bytes, small: bytes) -> bool:
        """The answer of a file with the bytes DATA, SMALL in small letters."""
        text = small if self.flags & re.IGNORECASE else data
        if self.literals is not None and not any(literal in text for literal in self.literals):
            return False
        return re.compile(self.pattern, self.flags).search(data) is not None


class Answers(msgspec.Struct, frozen=True, array_like=True):
    """What a run depends on. READ are the files whose bytes count as a whole; of the others only the answers do.

    IMPORTS: a digest of what a file imports, for those that were asked. FOLDERS: a digest of the names in each.
    """

    read: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()
    imports: dict[str, bytes] = {}
    folders: dict[str, bytes] = {}

    def stay(self, path: str, data: bytes, imports: Callable[[bytes], bytes]) -> bool:
        """Whether the file PATH gives the same answers when its bytes are DATA. IMPORTS: a digest of what a file
        imports."""
        if path in self.read:
            return False
        small = data.lower()
        asked = (question for question in self.questions if question.was_asked_of(path))
        if any(question.answer(data, small) != (path in question.yes) for question in asked):
            return False
        return path not in self.imports or self.imports[path] == imports(data)


def together(all_answers: Iterable[Answers]) -> Answers:
    """What several runs depend on: what one of them read was read, what one asked was asked."""
    read: set[str] = set()
    asked: dict[tuple[bytes, int], Question] = {}
    imports: dict[str, bytes] = {}
    folders: dict[str, bytes] = {}
    for answers in all_answers:
        read |= answers.read
        imports |= answers.imports
        folders |= answers.folders
        for question in answers.questions:
            key = (question.pattern, question.flags)
            asked[key] = _both(question, asked[key]) if key in asked else question
    return Answers(frozenset(read), tuple(asked.values()), imports, folders)


def _both(one: Question, other: Question) -> Question:
    """The same question, asked in two runs."""
    no = one.no | other.no if one.no is not None and other.no is not None else None
    return msgspec.structs.replace(one, yes=one.yes | other.yes, no=no)


def names_in(folder: str) -> bytes:
    """A digest of the names in FOLDER, and of what each is; nothing when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            kinds = [f"{entry.name}\0{_kind(entry)}" for entry in entries if not entry.name.endswith(_PASSING)]
    except OSError:
        return b""
    return digest("\0".join(sorted(kinds)).encode("utf-8", "surrogateescape"))


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "@"
    return "/" if entry.is_dir(follow_symlinks=False) else ""
