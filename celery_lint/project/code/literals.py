"""What must stand in a text for a pattern to match: a search for plain bytes is far faster than one for a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

# The parser of the standard library's own patterns; `sre_parse` is its older, deprecated name.
from re import _parser as parser  # type: ignore[attr-defined]
from typing import cast

from msgspec import Struct

from celery_lint.project.code.patterns import Sought

Literals = tuple[bytes, ...]
_Item = tuple[object, object]
_Items = tuple[_Item, ...]

# Shorter ones stand in nearly every file.
_SHORTEST = 3
_SHORTEST_START = 2
# `[Ss]ession` may begin in as many ways.
_FEW = 4
# From so many letters on it is better to search for what several literals begin with than for each.
_LONG = 4
_ZERO_WIDTH = frozenset({"AT", "ASSERT", "ASSERT_NOT"})


class Gate(Struct, frozen=True):
    """Where matches of a pattern can be: each begins with one of STARTS, or is in a text that holds one of WITHIN
    (None: in any text). FOLDED: both are in small letters, as they stand in a text made small."""

    starts: Literals
    within: Literals | None
    folded: bool

    @property
    def needed(self) -> Literals | None:
        """Literals of which one at least stands in every text with a match; None when that cannot be told."""
        return None if self.within is None else (*self.starts, *self.within)


@cache
def gate_of(pattern: Sought) -> Gate:
    """How to find matches of PATTERN by plain searches."""
    starts: list[bytes] = []
    within: list[bytes] | None = []
    for items in _alternatives(tuple(parser.parse(pattern.pattern, pattern.flags))):
        start = _start(items)
        if len(start) >= _SHORTEST_START:
            starts.append(start)
            continue
        needed = _best(_required(items))
        if needed is None or any(len(each) < _SHORTEST for each in needed):
            within = None
        elif within is not None:
            within += needed
    folded = bool(pattern.flags & re.IGNORECASE)
    if folded:
        starts = [each.lower() for each in starts]
        within = [each.lower() for each in within] if within is not None else None
    return Gate(_shared(starts), tuple(dict.fromkeys(within)) if within is not None else None, folded)


def _alternatives(items: _Items) -> Iterator[_Items]:
    """What ITEMS are when they begin with a choice: one for each of what can be chosen."""
    letters = 0
    for position, (operator, argument) in enumerate(items):
        name, before, after = str(operator), items[:position], items[position + 1 :]
        choices = _choices(name, argument)
        if choices and letters < _SHORTEST:
            for choice in choices:
                yield from _alternatives((*before, *choice, *after))
            return
        letters += name == "LITERAL"
        if name != "LITERAL" and name not in _ZERO_WIDTH:
            break
    yield items


def _choices(name: str, argument: object) -> list[_Items]:
    if name == "BRANCH":
        return [tuple(each) for each in cast("tuple[None, list[Iterable[_Item]]]", argument)[1]]
    if name == "SUBPATTERN":
        _, flags, _, held = cast("tuple[object, int, int, Iterable[_Item]]", argument)
        return [tuple(held)] if not flags & re.IGNORECASE else []
    if name == "IN":
        of = tuple(cast("Iterable[_Item]", argument))
        return [(item,) for item in of] if len(of) <= _FEW and all(str(item[0]) == "LITERAL" for item in of) else []
    return []


def _start(items: _Items) -> bytes:
    """What ITEMS begin with."""
    start = bytearray()
    for operator, argument in items:
        if str(operator) == "LITERAL":
            start.append(cast("int", argument))
        elif str(operator) not in _ZERO_WIDTH:
            break
    return bytes(start)


def _shared(starts: Sequence[bytes]) -> Literals:
    """STARTS, where those that begin alike are one."""
    found: dict[bytes, bytes] = {}
    for start in sorted(set(starts)):
        head = start[:_LONG]
        known = found.get(head)
        if known is None:
            found[head] = start
        else:
            alike = next((n for n, (a, b) in enumerate(zip(known, start, strict=False)) if a != b), len(known))
            found[head] = known[:alike]
    return tuple(found.values())


def _required(tree: Iterable[_Item]) -> list[Literals]:
    """Sets of literals, of each of which one is needed."""
    sets: list[Literals] = []
    run = bytearray()
    for operator, argument in tree:
        name = str(operator)
        if name == "LITERAL":
            run.append(cast("int", argument))
            continue
        if run:
            sets.append((bytes(run),))
            run = bytearray()
        inner = _inside(name, argument)
        if inner is not None:
            sets.append(inner)
    return [*sets, (bytes(run),)] if run else sets


def _inside(name: str, argument: object) -> Literals | None:
    """What one part that is no literal needs."""
    if name in ("SUBPATTERN", "BRANCH"):
        choices = _choices(name, argument)
        known = [each for each in (_best(_required(choice)) for choice in choices) if each is not None]
        return tuple(literal for each in known for literal in each) if choices and len(known) == len(choices) else None
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, _, repeated = cast("tuple[int, int, Iterable[_Item]]", argument)
        return _best(_required(repeated)) if least else None
    if name == "ATOMIC_GROUP":
        return _best(_required(cast("Iterable[_Item]", argument)))
    return None


def _best(sets: Sequence[Literals]) -> Literals | None:
    """The set whose shortest literal is the longest: it lets the fewest texts through."""
    return max(sets, key=lambda literals: min(map(len, literals)), default=None)
