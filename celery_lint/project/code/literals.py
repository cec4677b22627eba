"""What must stand in a text for a pattern to match: a search for plain bytes is far faster than one for a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

# The parser of the standard library's own patterns; `sre_parse` is its older, deprecated name.
from re import _parser as parser  # type: ignore[attr-defined]
from typing import cast

Literals = tuple[bytes, ...]
# Shorter ones stand in nearly every file.
_SHORTEST = 3


@cache
def literals_of(pattern: re.Pattern[bytes]) -> Literals | None:
    """Literals of which one at least stands in whatever PATTERN matches; None when that cannot be told.

    Of a pattern that ignores case they are in small letters, and stand in the text made small.
    """
    found = _best(_required(parser.parse(pattern.pattern, pattern.flags)))
    if found is None or any(len(each) < _SHORTEST for each in found):
        return None
    return tuple(each.lower() for each in found) if pattern.flags & re.IGNORECASE else found


def _required(tree: Iterable[tuple[object, object]]) -> list[Literals]:
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
    if name == "SUBPATTERN":
        _, flags, _, held = cast("tuple[object, int, int, Iterable[tuple[object, object]]]", argument)
        return _best(_required(held)) if not flags & re.IGNORECASE else None
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, _, repeated = cast("tuple[int, int, Iterable[tuple[object, object]]]", argument)
        return _best(_required(repeated)) if least else None
    if name == "ATOMIC_GROUP":
        return _best(_required(cast("Iterable[tuple[object, object]]", argument)))
    if name == "BRANCH":
        branches = [
            _best(_required(each)) for each in cast("tuple[None, list[list[tuple[object, object]]]]", argument)[1]
        ]
        known = [each for each in branches if each is not None]
        return tuple(literal for each in known for literal in each) if len(known) == len(branches) else None
    return None


def _best(sets: Sequence[Literals]) -> Literals | None:
    """The set whose shortest literal is the longest: it lets the fewest texts through."""
    return max(sets, key=lambda literals: min(map(len, literals)), default=None)
