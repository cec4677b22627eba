"""Text that knows where each of its characters was written, with holes where a value cannot be known.

Every reader turns its file's commands into `Spanned` text; continuations, interpolation and make variables only
change the text, so that words found at the end still point at the right bytes.

A hole is one character of Unicode's private use area; `DeployFile.holes` says what it stands for.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import Word
from celery_lint.finding import Span

FIRST_HOLE = 0xE000
LAST_HOLE = 0xF8FF
LONGEST_VALUE = 20_000
# Bytes that are not UTF-8 (surrogates while decoding), and characters that would look like holes.
_REPLACED = dict.fromkeys((*range(56448, 56576), *range(FIRST_HOLE, LAST_HOLE + 1)), "�")


class Spanned(Struct, frozen=True):
    """VALUE, where the character VALUE[i] was written at STARTS[i]:ENDS[i] of the file (in characters).

    OUTER is the place of the whole when that is more than its characters (a word with its quotes).
    """

    value: str
    starts: Sequence[int]
    ends: Sequence[int]
    outer: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, part: slice) -> Spanned:
        return Spanned(self.value[part], self.starts[part], self.ends[part])

    def __add__(self, other: Spanned) -> Spanned:
        return Spanned(self.value + other.value, [*self.starts, *other.starts], [*self.ends, *other.ends])

    @property
    def place(self) -> tuple[int, int]:
        """Where all of it was written."""
        if self.outer is not None:
            return self.outer
        if not self.value:
            return (0, 0)
        return (min(self.starts[0], self.starts[-1]), max(self.ends[0], self.ends[-1]))

    def at(self, outer: tuple[int, int]) -> Spanned:
        """The same text, said to stand at OUTER as a whole."""
        return replace(self, outer=outer)


def joined(parts: Sequence[Spanned]) -> Spanned:
    """PARTS, one after the other (linear, where repeated `+` is not)."""
    return Spanned(
        "".join(part.value for part in parts),
        [start for part in parts for start in part.starts],
        [end for part in parts for end in part.ends],
    )


def spread(value: str, place: tuple[int, int]) -> Spanned:
    """VALUE, all of whose characters stand for the text at PLACE."""
    return Spanned(value, [place[0]] * len(value), [place[1]] * len(value), place)


class Hole(Struct, frozen=True):
    """What a hole stands for: the environment variable NAME (None: nothing that could be looked up), or DEFAULT
    when it is not set."""

    name: str | None = None
    default: str | None = None


class DeployFile:
    """One deployment file while it is read."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.holes = [Hole()]
        text = data.decode("utf-8", errors="surrogateescape")
        self.bom = 3 if text.startswith("\ufeff") else 0
        self._decoded = text.removeprefix("\ufeff")
        self._is_ascii = self._decoded.isascii()
        self.source = self._decoded if self._is_ascii else self._decoded.translate(_REPLACED)

    def all(self) -> Spanned:
        """The whole file."""
        return self.text(0, len(self.source))

    def text(self, start: int, end: int) -> Spanned:
        """The characters START:END of the file."""
        return Spanned(self.source[start:end], range(start, end), range(start + 1, end + 1))

    def span(self, place: tuple[int, int]) -> Span:
        """The bytes of PLACE."""
        return Span(self._byte(place[0]), self._byte(place[1]))

    def _byte(self, offset: int) -> int:
        if self._is_ascii:
            return offset + self.bom
        return len(self._decoded[:offset].encode("utf-8", errors="surrogateescape")) + self.bom

    def hole(self, name: str | None = None, default: str | None = None) -> str:
        """A character that stands for the variable NAME; the nameless hole when there are too many."""
        if name is None and default is None:
            return chr(FIRST_HOLE)
        found = Hole(name, None if default is None else self.known(default))
        if found in islice(self.holes, 200):
            return chr(FIRST_HOLE + self.holes.index(found))
        if FIRST_HOLE + len(self.holes) > LAST_HOLE:
            return chr(FIRST_HOLE)
        self.holes.append(found)
        return chr(FIRST_HOLE + len(self.holes) - 1)

    def known(self, value: str) -> str | None:
        """VALUE with its holes filled by defaults; None when one has no default."""
        if not has_holes(value):
            return value
        filled = [self._filled(character) for character in value]
        known = [part for part in filled if part is not None]
        if len(known) < len(filled) or sum(map(len, known)) > LONGEST_VALUE:
            return None
        return "".join(known)

    def _filled(self, character: str) -> str | None:
        hole = self.hole_of(character)
        return character if hole is None else hole.default

    def hole_of(self, character: str) -> Hole | None:
        """What CHARACTER stands for when it is a hole."""
        index = ord(character) - FIRST_HOLE
        return self.holes[index] if 0 <= index < len(self.holes) else None

    def template(self, value: str) -> str | None:
        """VALUE as shell text over the environment; None when it has no hole, or one that nothing fills."""
        if not has_holes(value):
            return None
        pieces = list(self._template_pieces(value))
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None)

    def _template_pieces(self, value: str) -> Iterator[str | None]:
        for character in value:
            hole = self.hole_of(character)
            if hole is None:
                yield character if character.isalnum() or character in "-_./=,:@%+" else shlex.quote(character)
            elif hole.name is None:
                yield hole.default and shlex.quote(hole.default)
            elif hole.default is None:
                yield f"${{{hole.name}}}"
            else:
                yield f"${{{hole.name}:-{shlex.quote(hole.default)}}}"

    def word(self, spanned: Spanned) -> Word:
        """SPANNED as a word of a command line."""
        place = spanned.place
        text = self.known(spanned.value)
        raw = self.source[place[0] : place[1]]
        prefix = "" if text is not None else self._known_start(spanned.value)
        return Word(text, raw, self.span(place), self.template(spanned.value), prefix)

    def _known_start(self, value: str) -> str:
        known = takewhile(lambda part: part is not None, map(self._filled, value))
        return "".join(part for part in known if part is not None)


def has_holes(value: str) -> bool:
    """Whether some of VALUE is not known."""
    return not value.isascii() and any(FIRST_HOLE <= ord(character) <= LAST_HOLE for character in value)
